"""Writes the trained network as ONNX, and evaluates such a file with NumPy as a cross-check."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8
DOC = 'Digit classifier. Input: one grey image, white digit on black, values in [0, 1].'

# (operator, name, output shape); Conv and Gemm read the parameters called name.weight, name.bias
LAYERS = [
    ('Conv', 'conv1', (1, 16, 28, 28)), ('Relu', 'relu1', (1, 16, 28, 28)),
    ('Conv', 'conv2', (1, 32, 28, 28)), ('Relu', 'relu2', (1, 32, 28, 28)),
    ('MaxPool', 'pool1', (1, 32, 14, 14)),
    ('Conv', 'conv3', (1, 64, 14, 14)), ('Relu', 'relu3', (1, 64, 14, 14)),
    ('MaxPool', 'pool2', (1, 64, 7, 7)),
    ('Conv', 'conv4', (1, 64, 7, 7)), ('Relu', 'relu4', (1, 64, 7, 7)),
    ('MaxPool', 'pool3', (1, 64, 3, 3)),
    ('Flatten', 'flatten', (1, 576)),
    ('Gemm', 'dense1', (1, 64)), ('Relu', 'relu5', (1, 64)),
    ('Gemm', 'dense2', (1, 10)),
    ('Softmax', 'softmax', (1, 10)),
]
ATTRIBUTES = {
    'Conv': dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1]),
    'MaxPool': dict(kernel_shape=[2, 2], strides=[2, 2]),
    'Flatten': dict(axis=1),
    'Gemm': dict(transB=1),
    'Softmax': dict(axis=1),
}


def build(parameters):
    """The model, from {'conv1.weight': array, ...}."""
    nodes, infos, current = [], [], 'image'
    for operator, name, shape in LAYERS:
        inputs = [current]
        if operator in ('Conv', 'Gemm'):
            inputs += [f'{name}.weight', f'{name}.bias']
        current = 'probabilities' if name == 'softmax' else f'{name}.out'
        nodes.append(helper.make_node(operator, inputs, [current], name=name,
                                      **ATTRIBUTES.get(operator, {})))
        infos.append(helper.make_tensor_value_info(current, TensorProto.FLOAT, shape))
    weights = [numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), key)
               for key, value in parameters.items()]
    image = helper.make_tensor_value_info('image', TensorProto.FLOAT, (1, 1, 28, 28))
    graph = helper.make_graph(nodes, 'digits', [image], [infos.pop()], weights, DOC,
                              value_info=infos)
    model = helper.make_model(graph, producer_name='opengradient-digits', ir_version=IR_VERSION,
                              opset_imports=[helper.make_opsetid('', OPSET)])
    onnx.checker.check_model(model, full_check=True)
    return model


def write(parameters, path):
    path.write_bytes(build(parameters).SerializeToString(deterministic=True))


def conv(x, weight, bias):
    n, _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    patches = patches.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, -1)
    product = patches @ weight.reshape(len(weight), -1).T + bias
    return product.reshape(n, height, width, -1).transpose(0, 3, 1, 2)


def max_pool(x):
    n, channels, height, width = x.shape
    x = x[:, :, :height // 2 * 2, :width // 2 * 2]
    return x.reshape(n, channels, height // 2, 2, width // 2, 2).max((3, 5))


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


OPERATORS = {
    'Conv': conv, 'Relu': lambda x: np.maximum(x, 0), 'MaxPool': max_pool, 'Softmax': softmax,
    'Flatten': lambda x: x.reshape(len(x), -1), 'Gemm': lambda x, weight, bias: x @ weight.T + bias,
}


def evaluate(path, images, batch=256):
    """Probabilities [n, 10] of the file at `path`; any batch, though the file declares one."""
    graph = onnx.load(str(path)).graph
    weights = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    results = []
    for start in range(0, len(images), batch):
        values = dict(weights, image=np.asarray(images[start:start + batch], dtype=np.float32))
        for node in graph.node:
            values[node.output[0]] = OPERATORS[node.op_type](*(values[k] for k in node.input))
        results.append(values['probabilities'])
    return np.concatenate(results)
