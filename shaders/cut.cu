// The cut, all matrices a level down at a time: engine/kernels/cut_cupy.py. All arithmetic is float64 and in the order of
// engine/kernels/cut.py. Nodes of round r + 1 stand behind those of round r, the children of one side by side, in any
// order otherwise; counting the tiles below each node from the last round up gives every tile its place.

#include "numbers.cuh"

const int TILE = 32, THREADS = 128, WHOLE = 5;  // 2^WHOLE samples a side are one tile
const double NEAREST = 1e-9, COVER_PX = 3.0;
const int LEAF = -1, NOTHING = -2;  // in place of a first child
const int KEPT = 0, SAMPLES = 1, FULL = 2, MADE = 3;  // in `totals`: nodes of round r are counted at MADE + r

struct alignas(16) Node {
    int grid, level, row, col;
};

struct Tree {
    Node *nodes;
    double *pixels, *above;
    int *child, *children, *leaves;  // the first child and how many there are; tiles below
};

struct Grids {
    const double *origin, *du, *dv;
    const i64 *rows, *cols;
    const double *cell, *products, *normal, *thickness;
};

struct Eyes {
    const double *position, *planes, *focal_px, *covers;
    int count, covers_each;
};

struct Sphere {
    double x, y, z, radius, inside, nearness;
};

// As NumPy, also of NaN.
__device__ inline double least(double a, double b) { return a < b || a != a ? a : b; }
__device__ inline double most(double a, double b) { return a > b || a != a ? a : b; }
__device__ inline double dot(double x, double y, double z, const double *other) {
    return (x * other[0] + y * other[1]) + z * other[2];
}

__device__ inline i64 least_of(i64 a, i64 b) { return a < b ? a : b; }

__device__ Sphere sphere_of(const Grids &grids, const Eyes &eyes, Node node) {
    const double *origin = grids.origin + 3 * (i64)node.grid, *du = grids.du + 3 * (i64)node.grid;
    const double *dv = grids.dv + 3 * (i64)node.grid, *products = grids.products + 6 * (i64)node.grid;
    i64 size = (i64)TILE << node.level, first_row = node.row * size, first_col = node.col * size;
    i64 end_row = least_of(grids.rows[node.grid], first_row + size);
    i64 end_col = least_of(grids.cols[node.grid], first_col + size);
    double i = (double)(first_row + end_row - 1) / 2, j = (double)(first_col + end_col - 1) / 2;
    double high = (double)(end_row - first_row) / 2, wide = (double)(end_col - first_col) / 2;
    double square = ((high * high) * products[0] + (wide * wide) * products[1]) + products[2];
    double slant = ((high * wide) * products[3] + high * products[4]) + wide * products[5];
    Sphere sphere;
    sphere.radius = sqrt(square + 2 * slant);
    sphere.x = (origin[0] + i * du[0]) + j * dv[0];
    sphere.y = (origin[1] + i * du[1]) + j * dv[1];
    sphere.z = (origin[2] + i * du[2]) + j * dv[2];
    sphere.inside = -infinity_of(0.0), sphere.nearness = 0;
    for (int eye = 0; eye < eyes.count; ++eye) {
        const double *position = eyes.position + 3 * eye, *planes = eyes.planes + 15 * eye;
        double x = sphere.x - position[0], y = sphere.y - position[1], z = sphere.z - position[2];
        double depth = infinity_of(0.0);
        for (int plane = 0; plane < 5; ++plane) depth = least(depth, dot(x, y, z, planes + 3 * plane));
        double distance = sqrt((x * x + y * y) + z * z) - sphere.radius;
        distance = most(distance, fabs(dot(x, y, z, grids.normal + 3 * (i64)node.grid)) - grids.thickness[node.grid]);
        sphere.inside = most(sphere.inside, depth);
        sphere.nearness = most(sphere.nearness, eyes.focal_px[eye] / most(distance, NEAREST));
    }
    return sphere;
}

// Whether each eye has a cover that hides the whole sphere.
__device__ bool is_hidden(const Eyes &eyes, const Sphere &sphere, double step) {
    for (int eye = 0; eye < eyes.count; ++eye) {
        const double *position = eyes.position + 3 * eye;
        double x = sphere.x - position[0], y = sphere.y - position[1], z = sphere.z - position[2];
        double away = sqrt((x * x + y * y) + z * z);
        double reach = (sphere.radius + step) + COVER_PX * ((away + sphere.radius) / eyes.focal_px[eye]);
        bool behind = false;
        for (int cover = 0; cover < eyes.covers_each && !behind; ++cover) {
            const double *planes = eyes.covers + 20 * ((i64)eye * eyes.covers_each + cover);
            double inside = infinity_of(0.0);
            for (int plane = 0; plane < 5; ++plane)
                inside = least(inside, dot(x, y, z, planes + 4 * plane) - planes[4 * plane + 3]);
            behind = inside >= reach;
        }
        if (!behind) return false;
    }
    return eyes.covers_each > 0;
}

#define GRIDS                                                                                               \
    const double *origin, const double *du, const double *dv, const i64 *rows, const i64 *cols,             \
    const double *cell, const double *products, const double *normal, const double *thickness
#define EYES                                                                                                \
    const double *position, const double *planes, const double *focal_px, const double *covers, int eye_count, \
    int covers_each
#define TREE Node *nodes, double *pixels, double *above, int *child, int *children, int *leaves
#define GATHER_GRIDS const Grids grids = {origin, du, dv, rows, cols, cell, products, normal, thickness}
#define GATHER_EYES const Eyes eyes = {position, planes, focal_px, covers, eye_count, covers_each}
#define GATHER_TREE const Tree tree = {nodes, pixels, above, child, children, leaves}

// The first nodes: a matrix each, at the level down to which it stays one tile and only the step shrinks.
__global__ void __launch_bounds__(THREADS) plant(GRIDS, EYES, i64 count, double tau, TREE) {
    GATHER_GRIDS; GATHER_EYES; GATHER_TREE;
    i64 threads = (i64)gridDim.x * THREADS;
    for (i64 grid = (i64)blockIdx.x * THREADS + threadIdx.x; grid < count; grid += threads) {
        i64 side = rows[grid] > cols[grid] ? rows[grid] : cols[grid];
        int level = 0;
        while ((1ll << level) < side) ++level;
        int whole = level > WHOLE ? level - WHOLE : 0;
        Node node = {(int)grid, level, 0, 0};
        Sphere sphere = sphere_of(grids, eyes, node);
        double coarser = infinity_of(0.0);
        for (; node.level > whole; --node.level) {
            double size = (cell[grid] * (double)(1ll << node.level)) * sphere.nearness;
            if (!(size > tau)) break;
            coarser = size;
        }
        tree.nodes[grid] = node, tree.above[grid] = coarser;
    }
}

// (first, end) of the nodes of a round; none once there are too many of anything. For all threads of a group.
__device__ inline void find_round(const u64 *totals, int round, i64 budget, i64 tile_limit, i64 *bounds) {
    if (threadIdx.x == 0) {
        bounds[0] = 0;
        for (int before = 0; before < round; ++before) bounds[0] += (i64)totals[MADE + before];
        bounds[1] = bounds[0] + (i64)totals[MADE + round];
        if (totals[FULL] || (i64)totals[KEPT] > tile_limit || (i64)totals[SAMPLES] > budget) bounds[1] = bounds[0];
    }
    __syncthreads();
}

// The nodes of a round become tiles, or nothing, or have children in the next round.
__global__ void __launch_bounds__(THREADS)
refine(GRIDS, EYES, TREE, double tau, i64 budget, i64 tile_limit, i64 capacity, int round, u64 *totals) {
    GATHER_GRIDS; GATHER_EYES; GATHER_TREE;
    __shared__ i64 bounds[2], base;
    __shared__ u32 wanted, kept, samples;
    find_round(totals, round, budget, tile_limit, bounds);
    i64 first = bounds[0], end = bounds[1];
    for (i64 start = first + (i64)blockIdx.x * THREADS; start < end; start += (i64)gridDim.x * THREADS) {
        if (threadIdx.x == 0) wanted = kept = samples = 0;
        __syncthreads();
        i64 place = start + threadIdx.x;
        Node node = {0, 0, 0, 0};
        int high = 0, wide = 0;  // children along either side
        u32 offset = 0;
        double size = 0;
        if (place < end) {
            node = tree.nodes[place];
            Sphere sphere = sphere_of(grids, eyes, node);
            double step = cell[node.grid] * (double)(1ll << node.level);
            size = step * sphere.nearness;
            bool visible = sphere.inside >= -(sphere.radius + step) && !is_hidden(eyes, sphere, step);
            bool finer = visible && size > tau && node.level > 0;
            i64 block = 1ll << node.level;
            if (finer) {
                i64 half = (i64)TILE << (node.level - 1);
                high = (2 * (i64)node.row + 1) * half < rows[node.grid] ? 2 : 1;
                wide = (2 * (i64)node.col + 1) * half < cols[node.grid] ? 2 : 1;
                offset = atomicAdd(&wanted, (u32)(high * wide));
            } else if (visible) {
                i64 tall = ((rows[node.grid] + block - 1) >> node.level) - (i64)node.row * TILE;
                i64 broad = ((cols[node.grid] + block - 1) >> node.level) - (i64)node.col * TILE;
                atomicAdd(&kept, 1u);
                atomicAdd(&samples, (u32)(least_of(TILE, tall) * least_of(TILE, broad)));
            }
            tree.pixels[place] = size, tree.children[place] = high * wide;
            tree.child[place] = visible ? LEAF : NOTHING, tree.leaves[place] = visible && !finer;
        }
        __syncthreads();
        if (threadIdx.x == 0) {
            base = end;
            if (wanted) base += (i64)atomicAdd(totals + MADE + round + 1, (u64)wanted);
            if (base + wanted > capacity) totals[FULL] = 1;
            if (kept) atomicAdd(totals + KEPT, (u64)kept), atomicAdd(totals + SAMPLES, (u64)samples);
        }
        __syncthreads();
        if (high && base + wanted <= capacity) {
            i64 own = base + offset;
            tree.child[place] = (int)own;
            for (int row = 0; row < high; ++row)
                for (int col = 0; col < wide; ++col, ++own) {
                    Node child = {node.grid, node.level - 1, 2 * node.row + row, 2 * node.col + col};
                    tree.nodes[own] = child, tree.above[own] = size;
                }
        }
        __syncthreads();
    }
}

const i64 NO_LIMIT = 0x7FFFFFFFFFFFFFFFll;

// Tiles below the nodes of a round, given those below the next one's.
__global__ void __launch_bounds__(THREADS) count_leaves(TREE, int round, const u64 *totals) {
    GATHER_TREE;
    __shared__ i64 bounds[2];
    find_round(totals, round, NO_LIMIT, NO_LIMIT, bounds);
    i64 threads = (i64)gridDim.x * THREADS;
    for (i64 place = bounds[0] + (i64)blockIdx.x * THREADS + threadIdx.x; place < bounds[1]; place += threads) {
        int count = 0;
        for (int child = 0; child < tree.children[place]; ++child) count += tree.leaves[tree.child[place] + child];
        if (tree.children[place]) tree.leaves[place] = count;
    }
}

const int LINE_THREADS = 1024;

// leaves (count) become the numbers of all leaves before: by one group.
__global__ void __launch_bounds__(LINE_THREADS) line_up(int *leaves, i64 count) {
    __shared__ int sums[LINE_THREADS];
    i64 each = (count + LINE_THREADS - 1) / LINE_THREADS, first = threadIdx.x * each;
    i64 end = least_of(count, first + each);
    int own = 0;
    for (i64 place = first; place < end; ++place) own += leaves[place];
    sums[threadIdx.x] = own;
    __syncthreads();
    for (int apart = 1; apart < LINE_THREADS; apart *= 2) {
        int before = (int)threadIdx.x >= apart ? sums[threadIdx.x - apart] : 0;
        __syncthreads();
        sums[threadIdx.x] += before;
        __syncthreads();
    }
    int before = sums[threadIdx.x] - own;
    for (i64 place = first; place < end; ++place) {
        int here = leaves[place];
        leaves[place] = before, before += here;
    }
}

// Where `leaves` of a round say how many tiles stand before: tiles go to `places` and `sizes`, children are told theirs.
__global__ void __launch_bounds__(THREADS)
gather(TREE, int round, const u64 *totals, Node *places, double *sizes) {
    GATHER_TREE;
    __shared__ i64 bounds[2];
    find_round(totals, round, NO_LIMIT, NO_LIMIT, bounds);
    i64 threads = (i64)gridDim.x * THREADS;
    for (i64 place = bounds[0] + (i64)blockIdx.x * THREADS + threadIdx.x; place < bounds[1]; place += threads) {
        int before = tree.leaves[place], child = tree.child[place];
        if (child == LEAF)
            places[before] = tree.nodes[place], sizes[2 * before] = tree.pixels[place],
            sizes[2 * before + 1] = tree.above[place];
        for (int next = 0; next < tree.children[place]; ++next) {
            int here = tree.leaves[child + next];
            tree.leaves[child + next] = before, before += here;
        }
    }
}
