# shellcheck shell=bash
# Says what this machine has, for a look or a bug report. Sourced by ../eager.

fact() { printf '  %-22s %s\n' "$1" "${2:-unknown}"; }

operating_system() {
  local name
  name=$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release 2>/dev/null) || name=$(uname -s)
  say "$name, kernel $(uname -r), $(uname -m)"
}

processor() {
  local name vector=none
  name=$(sed -n '/^model name/ { s/.*: //p; q }' /proc/cpuinfo)
  if grep -qsw avx512f /proc/cpuinfo; then vector=AVX-512
  elif grep -qsw avx2 /proc/cpuinfo; then vector=AVX2; fi
  say "${name:-$(uname -m)}, $(nproc) threads, vector instructions: $vector"
}

# Thread counts that the environment asks for; without them LibTorch and OpenBLAS choose for themselves.
thread_settings() {
  local name settings=()
  for name in OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS OMP_WAIT_POLICY; do
    [[ -z ${!name:-} ]] || settings+=("$name=${!name}")
  done
  say "${settings[*]:-no setting in the environment}"
}

# The C library's allocator, or what takes its place; the tensors' own caching allocator lies above it.
system_allocator() {
  say "${LD_PRELOAD:-$(getconf GNU_LIBC_VERSION 2>/dev/null || say 'C library')}"
}

cuda_devices() {
  local devices
  if ! first_file "${LIBTORCH:-/usr}"/lib*/libtorch_cuda.so "${LIBTORCH:-/usr}"/lib/*-linux-gnu/libtorch_cuda.so >/dev/null; then
    say 'no (this LibTorch was built without it)'
  elif devices=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null); then
    say "yes: $(paste -sd ';' <<<"$devices")"
  else
    say 'no (LibTorch has it, but no device answers)'
  fi
}

verb_doctor() {
  check_libtorch_variable
  say 'Machine:'
  fact 'Operating system' "$(operating_system)"
  fact 'Processor' "$(processor)"
  fact 'Memory' "$(free --human 2>/dev/null | awk '/^Mem:/ { print $2 }')"
  fact 'Threads' "$(thread_settings)"
  fact 'System allocator' "$(system_allocator)"
  fact 'CUDA' "$(cuda_devices)"
  say 'Needed by Eager:'
  look_for_all peers
  print_report
  say 'Eager itself:'
  dotnet run --configuration "$configuration" "$root/eng/doctor.cs" 2>/dev/null || fact 'Native library' "cannot be built yet; './eager build' says why"
}
