"""The rules of the degree of urbanisation read literally, in numpy and scipy.

Reads lines "rules level width height" and three lines of numbers (people,
land, built) from standard input; writes one line of classes for each.
"""
import sys

import numpy as np
from scipy import ndimage

ROOK = ndimage.generate_binary_structure(2, 1)
QUEEN = ndimage.generate_binary_structure(2, 2)
RULES = {"2021": (0.5, "2022", 2021), "2023": (0.2, "2023", 2021), "2024-07": (0.2, "2023", 2024)}


def clusters(mask, people, least, structure):
    labels, n = ndimage.label(mask, structure)
    for k in range(1, n + 1):
        if people[labels == k].sum() < least:
            labels[labels == k] = 0
    return labels


def smooth(labels, edition, water, ignored):
    height, width = labels.shape
    while True:
        new = labels.copy()
        for row in range(height):
            for col in range(width):
                if labels[row, col] or (edition == "2023" and water[row, col]):
                    continue
                around = []
                for dr in (-1, 0, 1):
                    for dc in (-1, 0, 1):
                        if dr == dc == 0:
                            continue
                        r, c = row + dr, col + dc
                        if not (0 <= r < height and 0 <= c < width):
                            around.append(0)
                        elif labels[r, c] or not (edition == "2023" and ignored[r, c]):
                            around.append(labels[r, c])
                for k in set(around) - {0}:
                    n = around.count(k)
                    if (n >= 5) if edition == "2022" else (2 * n > len(around)):
                        new[row, col] = k
        if (new == labels).all():
            return labels
        labels = new


def fill(labels, most):
    out = labels.copy()
    for k in np.unique(labels[labels > 0]):
        gaps, n = ndimage.label(labels != k, ROOK)
        for g in range(1, n + 1):
            gap = gaps == g
            edge = gap[0].any() or gap[-1].any() or gap[:, 0].any() or gap[:, -1].any()
            if not edge and gap.sum() < most:
                out[gap & (labels == 0)] = k
    return out


def classify(people, land, built, rules, level):
    share, edition, _ = RULES[rules]
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(people > 0, people / land, 0)
    water = (people == 0) & (built == 0) & (land < 0.5)
    ignored = (people == 0) & (land < 0.5)
    dense = (density >= 1500) | ((built > 0) & (built >= share * land))
    centre = fill(smooth(clusters(dense, people, 50000, ROOK), edition, water, ignored), 15) > 0
    urban = clusters(density >= 300, people, 5000, QUEEN) > 0
    if level == 1:
        out = np.where(urban, 2, np.where(water, 0, 1))
        out[centre] = 3
        return out
    out = np.full(people.shape, 0)
    out[clusters(dense, people, 5000, ROOK) > 0] = 23
    out[centre] = 30
    near = ndimage.binary_dilation(out > 0, QUEEN, iterations=2)
    semi = clusters(density >= 900, people, 2500, ROOK)
    for k in np.unique(semi[semi > 0]):
        if not near[semi == k].any():
            out[(semi == k) & (out == 0)] = 22
    out[urban & (out == 0)] = 21
    out[(clusters(density >= 300, people, 500, QUEEN) > 0) & (out == 0)] = 13
    out[(density >= 50) & (out == 0)] = 12
    out[water & (out == 0)] = 10
    out[out == 0] = 11
    return out


def main():
    lines = sys.stdin.read().splitlines()
    for i in range(0, len(lines), 4):
        rules, level, width, height = lines[i].split()
        shape = int(height), int(width)
        people, land, built = (np.array(lines[i + k].split(), dtype=np.float32).astype(float).reshape(shape) for k in (1, 2, 3))
        print(*classify(people, land, built, rules, int(level)).ravel())


main()
