#pragma once

// What the machine can do at best, with as many threads as are set: a product of 1024×1024 float32 matrices, in
// GFLOP/s, and copying 256 MB, counting bytes read and written, in GB/s.
double gemm_gflops(double seconds);
double copy_gigabytes_per_second(double seconds);
