"""Cameras, images and textures, as their users write them."""

import numpy as np

rng = np.random.default_rng(2)
POINTS = rng.normal(size=(3, 3)) + np.array([0, 0, 6.0])
PIXELS = rng.normal(size=(3, 2)) * 40 + 320
IMAGE = rng.uniform(size=(4, 5))
KERNEL_TARGET = rng.normal(size=(2, 3))


def rotate(points, rot_vec):
    """Rotate points by given rotation vectors, Rodrigues' formula."""
    theta = np.linalg.norm(rot_vec)
    v = rot_vec / theta
    dot = np.sum(points * v, axis=1)[:, np.newaxis]
    cos_theta, sin_theta = np.cos(theta), np.sin(theta)
    return cos_theta * points + sin_theta * np.cross(v, points) + dot * (1 - cos_theta) * v


def reprojection(camera):
    """Residuals of bundle adjustment for one camera of nine parameters (Bundler's model)."""
    proj = rotate(POINTS, camera[:3])
    proj += camera[3:6]
    proj = -proj[:, :2] / proj[:, 2, np.newaxis]
    f, k1, k2 = camera[6], camera[7], camera[8]
    n = np.sum(proj**2, axis=1)
    r = 1 + k1 * n + k2 * n**2
    proj *= (r * f)[:, np.newaxis]
    return np.sum(np.log1p(((proj - PIXELS) / 100) ** 2))


def rigid_registration(pose):
    """Point-to-point cost of a pose: three Euler angles and a translation."""
    a, b, c = pose[:3]
    Rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    Ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    Rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    moved = POINTS @ (Rz @ Ry @ Rx).T + pose[3:]
    return ((moved - POINTS[::-1]) ** 2).sum(axis=1).mean()


def conv_layer(kernel):
    """A convolution by loops, then relu and a squared error."""
    kh, kw = kernel.shape
    H, W = IMAGE.shape
    out = np.zeros((H - kh + 1, W - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(IMAGE[i : i + kh, j : j + kw] * kernel)
    out = np.maximum(out, 0)
    return 0.5 * np.sum((out - KERNEL_TARGET) ** 2)


def horn_schunck(flow):
    """Energy of an optical flow on a 2x2 image."""
    u, v = flow
    Ix, Iy, It = IMAGE[:2, :2], IMAGE[2:4, :2], IMAGE[:2, 2:4]
    data = (Ix * u + Iy * v + It) ** 2
    smooth = (u[1:] - u[:-1]) ** 2 + (v[1:] - v[:-1]) ** 2
    return data.sum() + 0.5 * smooth.sum()


def total_variation(img):
    """Denoising with a smoothed total variation."""
    dx = np.diff(img, axis=0)[:, :-1]
    dy = np.diff(img, axis=1)[:-1, :]
    tv = np.sqrt(dx**2 + dy**2 + 1e-2).sum()
    return 0.5 * np.sum((img - IMAGE[:3, :3]) ** 2) + 0.3 * tv


def bilinear_sample(p):
    """An image between its pixels."""
    x, y = p
    x0, y0 = np.floor(x), np.floor(y)
    dx, dy = x - x0, y - y0
    i, j = 1, 2
    return (
        IMAGE[i, j] * (1 - dx) * (1 - dy)
        + IMAGE[i + 1, j] * dx * (1 - dy)
        + IMAGE[i, j + 1] * (1 - dx) * dy
        + IMAGE[i + 1, j + 1] * dx * dy
    )


def fade(t):
    """Perlin's fade curve."""
    return t * t * t * (t * (t * 6 - 15) + 10)


def value_noise(p, octaves=3):
    """Fractal noise of hashed lattice values."""
    total, amplitude, frequency = 0.0, 1.0, 1.0
    for _ in range(octaves):
        q = p * frequency
        cell = np.floor(q)
        f = fade(q - cell)

        def corner(offset, cell=cell):
            s = np.sin((cell + offset) @ np.array([12.9898, 78.233])) * 43.5
            return s - np.floor(s)

        a, b = corner(np.array([0.0, 0.0])), corner(np.array([1.0, 0.0]))
        c, d = corner(np.array([0.0, 1.0])), corner(np.array([1.0, 1.0]))
        top = a + (b - a) * f[0]
        bottom = c + (d - c) * f[0]
        total += amplitude * (top + (bottom - top) * f[1])
        amplitude *= 0.5
        frequency *= 2
    return total


def phong(light):
    """Shading of one point with a specular highlight."""
    normal = np.array([0.0, 0.6, 0.8])
    eye = np.array([0.1, 0.2, 1.0]) / np.linalg.norm([0.1, 0.2, 1.0])
    direction = light / np.sqrt(light.dot(light))
    diffuse = max(0.0, 1.0) * np.maximum(normal.dot(direction), 0)
    reflected = 2 * normal.dot(direction) * normal - direction
    return 0.1 + 0.7 * diffuse + 0.4 * np.power(np.maximum(reflected.dot(eye), 0), 8)


SNIPPETS = [
    (reprojection, np.array([0.1, -0.2, 0.15, 0.2, -0.1, 0.3, 500.0, 0.01, 0.002])),
    (rigid_registration, np.array([0.1, -0.2, 0.3, 0.5, -0.4, 0.2])),
    (conv_layer, np.array([[0.5, -0.3, 0.2], [0.1, 0.4, -0.2], [0.3, 0.15, -0.6]])),
    (horn_schunck, np.array([[[0.1, 0.2], [0.3, -0.4]], [[0.5, -0.1], [0.2, 0.3]]])),
    (total_variation, np.arange(9.0).reshape(3, 3) ** 0.5 / 3),
    (bilinear_sample, np.array([1.3, 2.6])),
    (value_noise, np.array([0.37, 1.61])),
    (phong, np.array([0.4, 0.9, 1.1])),
]
