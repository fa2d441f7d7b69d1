"""Products of a sparse matrix with many maps at once, limited by the memory bandwidth.

`spread` is for targets with more pixels than the source: sixteen maps are interleaved, so that an
entry of the matrix is read once for all of them, and results are written as whole cache lines.
`gather` is for targets with fewer pixels: eight maps are summed at a time. With both, the result of
a map does not depend, to the bit, on the other maps of the call.
"""

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import njit, prange
from numba.core import types
from numba.extending import intrinsic
from scipy.sparse import csr_matrix

LANES = 16
"""Number of interleaved maps: 64 bytes of float32, one cache line."""


TILE = 512
"""Number of target pixels processed together, so that they fit the cache; multiple of `LANES`."""


INT, VECTOR = ir.IntType(32), ir.VectorType(ir.FloatType(), LANES)


def _vector(context, builder, kind, array, index) -> ir.Value:
    """Pointer to sixteen consecutive values of a flat float32 array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


def _pick(builder, a, b, order: list[int]) -> ir.Value:
    """Vector of elements of two vectors; indices from 16 refer to the second one."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT, LANES), order))


def _product(*, add: bool) -> Callable:
    """Code generator of `put_product` (add=False) and `add_product` (add=True)."""

    def generate(context, builder, signature, arguments):
        total, start, weight, values, offset = arguments
        first = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), weight, INT(0))
        weights = _pick(builder, first, first, [0] * LANES)
        pointer = _vector(context, builder, signature.args[3], values, offset)
        contract = ("contract",)  # allows fused multiply-add
        result = builder.fmul(weights, builder.load(pointer, align=4), flags=contract)
        pointer = _vector(context, builder, signature.args[0], total, start)
        if add:
            result = builder.fadd(builder.load(pointer, align=4), result, flags=contract)
        builder.store(result, pointer, align=4)
        return context.get_dummy_value()

    return generate


@intrinsic
def put_product(typing, total, start, weight, values, offset):
    """total[start : start + 16] = weight * values[offset : offset + 16]."""
    kinds = total, types.intp, types.float32, values, types.intp
    return types.void(*kinds), _product(add=False)


@intrinsic
def add_product(typing, total, start, weight, values, offset):
    """total[start : start + 16] += weight * values[offset : offset + 16]."""
    kinds = total, types.intp, types.float32, values, types.intp
    return types.void(*kinds), _product(add=True)


@intrinsic
def turn(typing, pixels, start, maps, offset, step):
    """maps[offset + step * m + p] = pixels[start + 16 * p + m], m and p from 0 to 15.

    `offset` and `step` are multiples of 16 and `maps` starts on a cache line, so that the stores
    bypass the cache (non-temporal).
    """

    def generate(context, builder, signature, arguments):
        pixels, start, maps, offset, step = arguments
        rows = []
        for p in range(LANES):
            index = builder.add(start, start.type(LANES * p))
            pointer = _vector(context, builder, signature.args[0], pixels, index)
            rows.append(builder.load(pointer, align=4))
        for width in (1, 2, 4, 8):  # transpose by swapping off-diagonal blocks
            low = [k + LANES - width if k & width else k for k in range(LANES)]
            high = [k + LANES if k & width else k + width for k in range(LANES)]
            for p in (p for p in range(LANES) if not p & width):
                a, b = rows[p], rows[p + width]
                rows[p], rows[p + width] = _pick(builder, a, b, low), _pick(builder, a, b, high)
        past_cache = builder.module.add_metadata([INT(1)])
        for m, row in enumerate(rows):
            index = builder.add(offset, builder.mul(step, step.type(m)))
            pointer = _vector(context, builder, signature.args[2], maps, index)
            builder.store(row, pointer, align=64).set_metadata("nontemporal", past_cache)
        return context.get_dummy_value()

    return types.void(pixels, types.intp, maps, types.intp, types.intp), generate


def empty_maps(n: int, size: int) -> np.ndarray:
    """Uninitialised float32 maps, dims (n, size), aligned to a cache line."""
    raw = np.empty(n * size + LANES, np.float32)
    start = -raw.ctypes.data // 4 % LANES
    return raw[start : start + n * size].reshape(n, size)


def interleave(maps: np.ndarray) -> np.ndarray:
    """Interleave maps (n, pixel) by sixteen: dims (block, pixel · 16), padded with zeros."""
    n, size = maps.shape
    padded = np.zeros((-(-n // LANES) * LANES, size), np.float32)
    padded[:n] = maps
    return padded.reshape(-1, LANES, size).swapaxes(1, 2).reshape(-1, size * LANES)


def spread_entries(matrix: csr_matrix) -> tuple[np.ndarray, ...]:
    """Entries of a matrix in the order of `spread`.

    Returns:
        For the first entry of each row (0 for an empty row): offset of the source pixel, share.
        For all other entries: first entry of each tile, offset of the target pixel in the tile,
        offset of the source pixel, share. Offsets are in interleaved maps.
    """
    starts, rows = matrix.indptr, matrix.shape[0]
    row = np.repeat(np.arange(rows), np.diff(starts))
    leads = np.arange(len(row)) == starts[row]
    offset = (matrix.indices * LANES).astype(np.uint32)
    source, share = np.zeros(rows, np.uint32), np.zeros(rows, np.float32)
    source[row[leads]], share[row[leads]] = offset[leads], matrix.data[leads]
    others = row[~leads]
    first = np.searchsorted(others // TILE, np.arange(-(-rows // TILE) + 1))
    pixel = (others % TILE * LANES).astype(np.uint32)
    return source, share, first, pixel, offset[~leads], matrix.data[~leads]


@njit(cache=True)
def _mix(values, lead_source, lead_share, pixel, source, share, block):
    """Products of the rows of a tile with sixteen maps, written to `block` (pixel · 16)."""
    for p in range(np.uint64(len(lead_source))):
        start = p * np.uint64(LANES)
        # An intrinsic of Numba is called without its typing context.
        put_product(block, start, lead_share[p], values, lead_source[p])  # type: ignore[call-arg]  # Numba
    for e in range(np.uint64(len(pixel))):
        # An intrinsic of Numba is called without its typing context.
        add_product(block, pixel[e], share[e], values, source[e])  # type: ignore[call-arg]  # Numba


@njit(cache=True, error_model="numpy")
def _scale(area, min_area):
    """Factor from sums to means: 1 / area, NaN where the area is below `min_area`."""
    scale = np.empty(len(area), np.float32)
    for i in range(len(area)):
        scale[i] = np.float32(1) / area[i] if area[i] >= min_area else np.float32(np.nan)
    return scale


@njit(cache=True)
def _copy_to_maps(block, pixels, maps, first_map, first_pixel):
    """Copy a block of pixels to its sixteen maps, or to fewer at the end."""
    n, size = maps.shape
    if first_map + LANES <= n and size % LANES == 0:
        flat = maps.reshape(n * size)
        for p in range(0, pixels, LANES):
            offset = first_map * size + first_pixel + p
            # An intrinsic of Numba is called without its typing context.
            turn(block, p * LANES, flat, offset, size)  # type: ignore[call-arg]  # Numba
    else:
        for m in range(min(LANES, n - first_map)):
            for p in range(pixels):
                maps[first_map + m, first_pixel + p] = block[p * LANES + m]


@njit(cache=True, parallel=True, error_model="numpy")
def spread(entries, inside, min_area, blocks, means):
    """Fill `means` (map, target pixel) for maps without missing values.

    Args:
        entries: Result of `spread_entries`.
        inside: Sum of each row, dims (target pixel,).
        min_area: Minimum of `inside`; the mean is missing below it.
        blocks: Result of `interleave`.
        means: Array from `empty_maps`.
    """
    lead_source, lead_share, first, pixel, source, share = entries
    for tile in prange(len(first) - 1):
        pixels = slice(tile * TILE, min((tile + 1) * TILE, len(inside)))
        others = slice(first[tile], first[tile + 1])
        scale = _scale(inside[pixels], min_area)
        block = np.empty(TILE * LANES, np.float32)
        for b in range(len(blocks)):
            _mix(blocks[b], lead_source[pixels], lead_share[pixels],
                 pixel[others], source[others], share[others], block)  # fmt: skip
            for p in range(np.uint64(len(scale))):
                start = p * np.uint64(LANES)
                # An intrinsic of Numba is called without its typing context.
                put_product(block, start, scale[p], block, start)  # type: ignore[call-arg]  # Numba
            _copy_to_maps(block, len(scale), means, b * LANES, pixels.start)


@njit(cache=True, parallel=True, error_model="numpy")
def spread_valid(entries, min_area, blocks, validity, means, valid):
    """Fill `means` and `valid` (map, target pixel) for maps with missing values.

    `validity`, interleaved like `blocks`, is 1 where a value is valid and 0 where it is missing;
    missing values are 0 in `blocks`.
    """
    lead_source, lead_share, first, pixel, source, share = entries
    for tile in prange(len(first) - 1):
        pixels = slice(tile * TILE, min((tile + 1) * TILE, len(lead_source)))
        others = slice(first[tile], first[tile + 1])
        n = pixels.stop - pixels.start
        block, area = np.empty(TILE * LANES, np.float32), np.empty(TILE * LANES, np.float32)
        for b in range(len(blocks)):
            for values, total in ((blocks[b], block), (validity[b], area)):
                _mix(values, lead_source[pixels], lead_share[pixels],
                     pixel[others], source[others], share[others], total)  # fmt: skip
            block[:] *= _scale(area, min_area)
            _copy_to_maps(block, n, means, b * LANES, pixels.start)
            _copy_to_maps(area, n, valid, b * LANES, pixels.start)


@njit(cache=True, parallel=True, error_model="numpy", fastmath={"contract"})
def gather(starts, source, share, inside, min_area, maps, means):
    """Fill `means` (map, target pixel); NaN also where any source value is missing.

    Args:
        starts, source, share: Compressed sparse rows of the matrix, with unsigned indices.
        inside, min_area, means: See `spread`.
        maps: Dims (map, source pixel).
    """
    zero, n, scales = np.float32(0), len(maps), _scale(inside, min_area)
    for p in prange(len(inside)):
        scale = scales[p]
        for m in range(0, n - 7, 8):
            v0, v1, v2, v3 = maps[m], maps[m + 1], maps[m + 2], maps[m + 3]
            v4, v5, v6, v7 = maps[m + 4], maps[m + 5], maps[m + 6], maps[m + 7]
            t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = zero
            for e in range(starts[p], starts[p + 1]):
                i, w = source[e], share[e]
                t0, t1, t2, t3 = t0 + w * v0[i], t1 + w * v1[i], t2 + w * v2[i], t3 + w * v3[i]
                t4, t5, t6, t7 = t4 + w * v4[i], t5 + w * v5[i], t6 + w * v6[i], t7 + w * v7[i]
            for k, total in enumerate((t0, t1, t2, t3, t4, t5, t6, t7)):
                means[m + k, p] = total * scale
        for m in range(n - n % 8, n):
            total, values = zero, maps[m]
            for e in range(starts[p], starts[p + 1]):
                total += share[e] * values[source[e]]
            means[m, p] = total * scale


@njit(cache=True, parallel=True, error_model="numpy", fastmath={"contract"})
def gather_valid(starts, source, share, min_area, maps, means, valid):
    """Recompute `means` and `valid` from the valid values, where `means` is NaN."""
    zero, one, missing = np.float32(0), np.float32(1), np.float32(np.nan)
    for p in prange(means.shape[1]):
        for m in range(len(maps)):
            if np.isnan(means[m, p]):
                total, area, values = zero, zero, maps[m]
                for e in range(starts[p], starts[p + 1]):
                    value, part = values[source[e]], share[e]
                    is_valid = value == value
                    total += part * (value if is_valid else zero)
                    area += part if is_valid else zero
                scale = one / area if area >= min_area else missing
                means[m, p], valid[m, p] = total * scale, area
