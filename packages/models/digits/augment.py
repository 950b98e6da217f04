"""Batched augmentation: masks of 56 x 56 become network inputs [n, 1, 28, 28] in [0, 1].

A setting holds the strength of every distortion, so that training and evaluation are both stated
by a table of numbers (both are copied to accuracy.json).
"""
import math

import torch
import torch.nn.functional as F

from strokes import BOX, SIZE

SIDE = 28  # the network's input
COARSE = 8  # the low-resolution path counts ink in 4 x 4 cells of a 32 x 32 bitmap

TRAINING = {
    'rotation_degrees': 18, 'shear': .28, 'scale': (.62, 1.32), 'aspect': .18,
    'offset_pixels': 4, 'elastic_pixels': 1.4, 'thickness_change': .6, 'blur_sigma': 1.,
    'blur_probability': .5, 'ink': (.55, 1.), 'noise': .12, 'noise_probability': .3,
    'hard_threshold_probability': .1, 'low_resolution_probability': .3,
}
EVALUATION = {
    'rotation_degrees': 10, 'shear': .15, 'scale': (.8, 1.2), 'aspect': .08,
    'offset_pixels': 2, 'elastic_pixels': .7, 'thickness_change': 0., 'blur_sigma': .6,
    'blur_probability': .5, 'ink': (.7, 1.), 'noise': .05, 'noise_probability': .3,
    'hard_threshold_probability': 0., 'low_resolution_probability': 0.,
}


def uniform(n, low, high, rng):
    return torch.rand(n, generator=rng) * (high - low) + low


def signed(n, limit, rng):
    return uniform(n, -limit, limit, rng)


def chosen(n, probability, rng):
    return torch.rand(n, generator=rng) < probability


def change_thickness(masks, probability, rng):
    """Dilates or erodes by half a network pixel; a mask that erosion would wipe out is kept."""
    kind = torch.rand(len(masks), generator=rng)
    dilated = F.max_pool2d(masks, 3, 1, 1)
    eroded = -F.max_pool2d(-masks, 3, 1, 1)
    ink = masks.sum((1, 2, 3))
    eroded = torch.where((eroded.sum((1, 2, 3)) > .5 * ink)[:, None, None, None], eroded, masks)
    dilate = (kind < probability * .6)[:, None, None, None]
    erode = (kind > 1 - probability * .4)[:, None, None, None]
    return torch.where(dilate, dilated, torch.where(erode, eroded, masks))


def affine(n, setting, rng):
    """Matrices [n, 2, 2] from output to source coordinates, and the scale of each."""
    angle = signed(n, math.radians(setting['rotation_degrees']), rng)
    shear = signed(n, setting['shear'], rng)
    low, high = setting['scale']
    scale = torch.exp(uniform(n, math.log(low), math.log(high), rng))
    aspect = torch.exp(signed(n, setting['aspect'], rng))
    cos, sin = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([cos, sin, -sin, cos], 1).view(n, 2, 2)
    slant = torch.stack([torch.ones(n), shear, torch.zeros(n), torch.ones(n)], 1).view(n, 2, 2)
    stretch = torch.diag_embed(torch.stack([1 / (scale * aspect), aspect / scale], 1))
    return stretch @ slant @ rotation, scale


def elastic(n, strength_pixels, size, rng):
    """Smooth random displacement [n, size, size, 2] in grid units, from a 5 x 5 field."""
    strength = uniform(n, 0, strength_pixels * 2 / SIDE, rng).view(n, 1, 1, 1)
    coarse = torch.randn(n, 2, 5, 5, generator=rng) * strength
    return F.interpolate(coarse, size=(size, size), mode='bicubic',
                         align_corners=True).permute(0, 2, 3, 1)


def warp(masks, matrices, offsets, strength_pixels, size, rng):
    """Samples the masks at size x size; offsets are in grid units, where the image is 2 wide."""
    n = len(masks)
    axis = (torch.arange(size) * 2 + 1) / size - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing='xy'), -1).view(1, -1, 2)
    grid = (grid - offsets[:, None, :]) @ matrices.transpose(1, 2)
    grid = grid.view(n, size, size, 2) + elastic(n, strength_pixels, size, rng)
    return F.grid_sample(masks, grid, align_corners=False)


def at_full_resolution(masks, setting, rng):
    n = len(masks)
    matrices, scale = affine(n, setting, rng)
    room = (SIDE - scale * BOX * SIDE / SIZE) / 2 + 1  # at most about one pixel may leave the image
    limit = room.clamp(0, setting['offset_pixels']) * 2 / SIDE
    offsets = (torch.rand(n, 2, generator=rng) * 2 - 1) * limit[:, None]
    warped = warp(masks, matrices, offsets, setting['elastic_pixels'], SIZE, rng)
    return F.avg_pool2d(warped, 2)


def enlarge(coarse, target):
    """[n, 1, 8, 8] in [0, 1] to [n, 1, 28, 28]: bilinear to target x target, zero border."""
    border = SIDE - target
    large = F.interpolate(coarse, size=(target, target), mode='bilinear', align_corners=False)
    return F.pad(large, (border // 2, border - border // 2, border // 2, border - border // 2))


def at_low_resolution(masks, setting, rng):
    """A 32 x 32 bitmap filled by the digit, counted in 4 x 4 cells (17 levels), enlarged again."""
    n = len(masks)
    masks = change_thickness(masks, .5, rng)
    tight = dict(setting, scale=(.92, 1.04))
    matrices, _ = affine(n, tight, rng)
    offsets = signed(2 * n, 1. / 16, rng).view(n, 2)
    bitmap = warp(masks, matrices * (BOX / SIZE), offsets, setting['elastic_pixels'], 32, rng)
    coarse = F.avg_pool2d((bitmap > .5).float(), 4)
    target = int(torch.randint(18, 27, (1,), generator=rng))
    return enlarge(coarse, target)


def gaussian_blur(images, sigma):
    """Separable blur with one sigma per image."""
    taps = torch.arange(-2, 3).float()
    kernel = torch.exp(-taps ** 2 / (2 * sigma[:, None] ** 2))
    kernel = kernel / kernel.sum(1, keepdim=True)
    n = len(images)
    flat = images.view(1, n, SIDE, SIDE)
    flat = F.conv2d(flat, kernel.view(n, 1, 5, 1), padding=(2, 0), groups=n)
    flat = F.conv2d(flat, kernel.view(n, 1, 1, 5), padding=(0, 2), groups=n)
    return flat.view(n, 1, SIDE, SIDE)


def degrade(images, setting, rng):
    """Blur, threshold, ink level and noise."""
    n = len(images)
    sigma = uniform(n, .2, max(setting['blur_sigma'], .21), rng)
    blur = chosen(n, setting['blur_probability'], rng).view(n, 1, 1, 1)
    images = torch.where(blur, gaussian_blur(images, sigma), images)
    hard = chosen(n, setting['hard_threshold_probability'], rng).view(n, 1, 1, 1)
    images = torch.where(hard, (images > .4).float(), images)
    images = images * uniform(n, *setting['ink'], rng).view(n, 1, 1, 1)
    noisy = chosen(n, setting['noise_probability'], rng).float()
    level = noisy * uniform(n, 0, setting['noise'], rng)
    noise = torch.randn(images.shape, generator=rng) * level.view(n, 1, 1, 1)
    return (images + noise).clamp(0, 1)


def augment(masks, setting, rng):
    """uint8 masks [n, 56, 56] to inputs [n, 1, 28, 28], in the same order."""
    masks = masks.unsqueeze(1).float() / 255
    if setting['thickness_change']:
        masks = change_thickness(masks, setting['thickness_change'], rng)
    low = chosen(len(masks), setting['low_resolution_probability'], rng)
    images = torch.empty(len(masks), 1, SIDE, SIDE)
    if (~low).any():
        images[~low] = at_full_resolution(masks[~low], setting, rng)
    if low.any():
        images[low] = at_low_resolution(masks[low], setting, rng)
    return degrade(images, setting, rng)


def plain(masks):
    """Masks [n, 56, 56] to inputs without any distortion."""
    return F.avg_pool2d(masks.unsqueeze(1).float() / 255, 2)
