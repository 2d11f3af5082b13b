"""Reads the weights and data that the driver wrote for all contestants.

A file is raw little-endian numbers; its shape is known to those who read it.
"""

import os

import numpy as np


class Problems:
    def __init__(self, folder):
        self.folder = folder

    def array(self, name, *shape, dtype="<f4"):
        path = os.path.join(self.folder, name)
        return np.fromfile(path, dtype=dtype).reshape(shape)

    def mlp(self):
        weights = [self.array("mlp.w1", 256, 784), self.array("mlp.b1", 256),
                   self.array("mlp.w2", 256, 256), self.array("mlp.b2", 256),
                   self.array("mlp.w3", 10, 256), self.array("mlp.b3", 10)]
        images = self.array("mlp.x", 1024, 784)
        return weights, images, self.array("mlp.y", 1024, dtype="<i8")

    def cnn(self):
        weights = [self.array("cnn.k1", 32, 1, 3, 3), self.array("cnn.c1", 32),
                   self.array("cnn.k2", 64, 32, 3, 3), self.array("cnn.c2", 64),
                   self.array("cnn.w", 10, 2304), self.array("cnn.b", 10)]
        images = self.array("cnn.x", 128, 1, 28, 28)
        return weights, images, self.array("cnn.y", 128, dtype="<i8")

    def polynomial(self):
        return (self.array("poly.w", 3, 1), self.array("poly.x", 100),
                self.array("poly.y", 100))
