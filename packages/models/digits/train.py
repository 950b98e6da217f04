"""Renders the data, trains the digit classifier, exports it to ONNX and measures it.

    nice -n 10 python3 train.py

Writes digits.onnx, samples.json and accuracy.json beside this file. One thread and fixed seeds:
the same machine type with the same library and font versions gives the same file.
"""
import argparse
import base64
import hashlib
import json
import math
import os
import platform
import time
from collections import OrderedDict
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import onnx
import PIL
import torch
from torch import nn
import torch.nn.functional as F

import onnx_file
from augment import EVALUATION, TRAINING, augment, enlarge, plain
from fonts import families, font_set
from strokes import hand_drawn_set

HERE = Path(__file__).resolve().parent
SEEDS = {'network': 20, 'trainingStrokes': 21, 'trainingBatches': 22,
         'heldOutAugmentation': 23, 'evaluationStrokes': 24, 'samples': 25}
SHARES = {'strokes': .6, 'handFonts': .2, 'printFonts': .2}
COPIES_PER_GLYPH = 8  # augmented copies of each held-out glyph
SAMPLES_PER_DIGIT = 3  # from each of the two sources


def network():
    def conv(inputs, outputs):
        return nn.Conv2d(inputs, outputs, 3, padding=1)

    return nn.Sequential(OrderedDict([
        ('conv1', conv(1, 16)), ('relu1', nn.ReLU()),
        ('conv2', conv(16, 32)), ('relu2', nn.ReLU()), ('pool1', nn.MaxPool2d(2)),
        ('conv3', conv(32, 64)), ('relu3', nn.ReLU()), ('pool2', nn.MaxPool2d(2)),
        ('conv4', conv(64, 64)), ('relu4', nn.ReLU()), ('pool3', nn.MaxPool2d(2)),
        ('flatten', nn.Flatten()), ('dropout', nn.Dropout(.2)),
        ('dense1', nn.Linear(576, 64)), ('relu5', nn.ReLU()), ('dense2', nn.Linear(64, 10)),
    ]))


class FontSource:
    """Draws a family, then one of its faces, so that a family of many weights counts once."""

    def __init__(self, names):
        masks, owners = font_set(names)
        self.masks = torch.from_numpy(masks)
        faces = {}
        for face, owner in enumerate(owners):
            faces.setdefault(owner, []).append(face)
        self.faces = list(faces.values())

    def take(self, labels, rng):
        draws = torch.rand(len(labels), 2, generator=rng).tolist()
        picks = []
        for family_draw, face_draw in draws:
            faces = self.faces[int(family_draw * len(self.faces))]
            picks.append(faces[int(face_draw * len(faces))])
        return self.masks[torch.tensor(picks), labels]


class StrokeSource:
    def __init__(self, per_digit, seed):
        masks, _ = hand_drawn_set(per_digit, seed)
        self.masks = torch.from_numpy(masks).view(10, per_digit, *masks.shape[1:])

    def take(self, labels, rng):
        return self.masks[labels, torch.randint(self.masks.shape[1], (len(labels),), generator=rng)]


def training_sources(per_digit):
    names = families()['training']
    return {'strokes': StrokeSource(per_digit, SEEDS['trainingStrokes']),
            'handFonts': FontSource(names['hand']), 'printFonts': FontSource(names['print'])}


def training_batch(sources, size, rng):
    counts = {name: round(size * share) for name, share in SHARES.items()}
    counts['strokes'] += size - sum(counts.values())
    labels = {name: torch.randint(10, (n,), generator=rng) for name, n in counts.items()}
    masks = torch.cat([sources[name].take(labels[name], rng) for name in counts])
    return augment(masks, TRAINING, rng), torch.cat(list(labels.values()))


def learning_rate(step, steps, peak):
    warm_up = min(200, steps // 10 + 1)
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * .5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up)))


def train(arguments, sources):
    """Trains for a fixed number of steps and keeps the last weights: no checkpoint is chosen."""
    torch.manual_seed(SEEDS['network'])
    rng = torch.Generator().manual_seed(SEEDS['trainingBatches'])
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-4)
    started, mean_loss = time.time(), 0.
    for step in range(arguments.steps):
        for group in optimizer.param_groups:
            group['lr'] = learning_rate(step, arguments.steps, arguments.learning_rate)
        images, labels = training_batch(sources, arguments.batch, rng)
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean_loss += (loss.item() - mean_loss) / min(step + 1, 100)
        if (step + 1) % 250 == 0:
            print(f'step {step + 1}/{arguments.steps} loss {mean_loss:.4f} '
                  f'{time.time() - started:.0f} s', flush=True)
    return model.eval()


def parameters_of(model):
    return {name: value.detach().numpy() for name, value in model.named_parameters()}


def held_out_set(kind):
    """Augmented and plain images of the held-out families, with label and family of each."""
    masks, owners = font_set(families()['heldOut'][kind])
    glyphs = torch.from_numpy(masks).view(-1, *masks.shape[2:])
    labels = np.tile(np.arange(10), len(owners))
    names = np.repeat(np.array(owners), 10)
    rng = torch.Generator().manual_seed(SEEDS['heldOutAugmentation'])
    repeated = glyphs.repeat_interleave(COPIES_PER_GLYPH, 0)
    return {'plain': (plain(glyphs).numpy(), labels, names),
            'augmented': (augment(repeated, EVALUATION, rng).numpy(),
                          labels.repeat(COPIES_PER_GLYPH), names.repeat(COPIES_PER_GLYPH))}


def stroke_set(per_digit):
    masks, labels = hand_drawn_set(per_digit, SEEDS['evaluationStrokes'])
    rng = torch.Generator().manual_seed(SEEDS['evaluationStrokes'])
    return augment(torch.from_numpy(masks), EVALUATION, rng).numpy(), labels


def scanned_set():
    """Real handwriting, used here only: grey 0..16 over 16, bilinear to 20 x 20, border of 4."""
    from sklearn.datasets import load_digits
    data = load_digits()
    coarse = torch.from_numpy(data.images.astype(np.float32) / 16).unsqueeze(1)
    return enlarge(coarse, 20).numpy(), data.target


def confusion(labels, predictions):
    table = np.zeros((10, 10), dtype=int)
    np.add.at(table, (labels, predictions), 1)
    return table.tolist()


def score(labels, predictions):
    right = int((labels == predictions).sum())
    return {'images': len(labels), 'correct': right, 'accuracy': round(right / len(labels), 4)}


def quantised(images):
    """What a sample file or a canvas can hold: 256 grey levels."""
    return np.round(images * 255).astype(np.uint8)


def measure(path):
    """Accuracy of the written file itself, on 8-bit images."""
    report, sets = {}, {}

    def add(name, images, labels, extra=None):
        images = quantised(images)
        predictions = onnx_file.evaluate(path, images / np.float32(255)).argmax(1)
        report[name] = score(labels, predictions)
        sets[name] = (images, labels, predictions, extra)
        print(f'{name}: {report[name]}', flush=True)

    for kind in ('print', 'hand'):
        for form, (images, labels, names) in held_out_set(kind).items():
            add(f'heldOut.{kind}.{form}', images, labels, names)
    parts = [sets[f'heldOut.{kind}.augmented'] for kind in ('print', 'hand')]
    images, labels, predictions, names = (np.concatenate(p) for p in zip(*parts))
    report['heldOut.all.augmented'] = score(labels, predictions)
    report['heldOut.all.augmented']['confusion'] = confusion(labels, predictions)
    report['heldOut.all.augmented']['accuracyByFamily'] = {
        name: round(float((labels == predictions)[names == name].mean()), 4)
        for name in sorted(set(names))}
    sets['heldOut.all.augmented'] = (images, labels, predictions, names)
    add('strokes', *stroke_set(200))
    add('sklearn.load_digits', *scanned_set())
    report['sklearn.load_digits']['confusion'] = confusion(*sets['sklearn.load_digits'][1:3])
    return report, sets


def samples(path, sets):
    """Three per digit and source, drawn at random whether or not the network reads them right."""
    rng = np.random.default_rng(SEEDS['samples'])
    chosen = []
    for name in ('heldOut.all.augmented', 'strokes'):
        images, labels, _, families_of = sets[name]
        for digit in range(10):
            candidates = np.flatnonzero(labels == digit)
            for index in rng.choice(candidates, SAMPLES_PER_DIGIT, replace=False):
                source = 'strokes' if families_of is None else f'held-out font {families_of[index]}'
                chosen.append((images[index, 0], digit, source))
    inputs = np.stack([image for image, _, _ in chosen])[:, None] / np.float32(255)
    outputs = onnx_file.evaluate(path, inputs)
    return [{'label': digit, 'source': source,
             'predicted': int(output.argmax()), 'probability': round(float(output.max()), 4),
             'pixels': base64.b64encode(image.tobytes()).decode()}
            for (image, digit, source), output in zip(chosen, outputs)]


def write_samples(path, entries):
    header = {'format': 'pixels: base64 of 784 bytes, 28 x 28 row by row, grey 0-255, white on '
                        'black. Input value = grey / 255 as f32, shape [1, 1, 28, 28].',
              'model': 'digits.onnx'}
    lines = ',\n'.join('  ' + json.dumps(entry) for entry in entries)
    head = ',\n'.join(f' {json.dumps(k)}: {json.dumps(v)}' for k, v in header.items())
    path.write_text(f'{{\n{head},\n "samples": [\n{lines}\n ]\n}}\n', encoding='utf-8')


def now():
    epoch = os.environ.get('SOURCE_DATE_EPOCH')
    return datetime.fromtimestamp(int(epoch) if epoch else time.time(), timezone.utc)


def check_export(path, model, images):
    """The written file and the trained network agree."""
    with torch.no_grad():
        expected = torch.softmax(model(torch.from_numpy(images)), 1).numpy()
    difference = float(np.abs(onnx_file.evaluate(path, images) - expected).max())
    assert difference < 1e-5, difference
    return difference


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--steps', type=int, default=6000)
    parser.add_argument('--batch', type=int, default=128)
    parser.add_argument('--learning-rate', type=float, default=2e-3)
    parser.add_argument('--strokes-per-digit', type=int, default=5000)
    parser.add_argument('--output', type=Path, default=HERE)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    started = time.time()
    sources = training_sources(arguments.strokes_per_digit)
    print(f'rendered in {time.time() - started:.0f} s', flush=True)
    model = train(arguments, sources)
    path = arguments.output / 'digits.onnx'
    onnx_file.write(parameters_of(model), path)
    report, sets = measure(path)
    difference = check_export(path, model, sets['strokes'][0][:256] / np.float32(255))
    write_samples(arguments.output / 'samples.json', samples(path, sets))
    record = {
        'date': now().strftime('%Y-%m-%d'), 'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'parameters': sum(p.numel() for p in model.parameters()),
        'accuracy': report,
        'seeds': SEEDS, 'trainingShares': SHARES, 'copiesPerHeldOutGlyph': COPIES_PER_GLYPH,
        'augmentation': {'training': TRAINING, 'evaluation': EVALUATION},
        'arguments': {k: v for k, v in vars(arguments).items() if k != 'output'},
        'exportDifference': difference, 'seconds': round(time.time() - started),
        'versions': {'python': platform.python_version(), 'torch': torch.__version__,
                     'numpy': np.__version__, 'pillow': PIL.__version__,
                     'onnx': onnx.__version__},
    }
    (arguments.output / 'accuracy.json').write_text(json.dumps(record, indent=1) + '\n',
                                                    encoding='utf-8')
    print(f"{record['seconds']} s in all")


if __name__ == '__main__':
    main()
