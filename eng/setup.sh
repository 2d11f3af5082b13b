# shellcheck shell=bash
# What building needs: looks for it, says what it found, and installs the missing Debian packages.
# Sourced by ../eager.

# Probes: each prints the version or place of what it found, or fails.

probe_dotnet() { dotnet --list-sdks 2>/dev/null | grep -oE '^10\.[^ ]+' | tail -n 1; }

probe_compiler() {
  local compiler
  for compiler in ${CXX:+"$CXX"} c++ g++ clang++; do
    command -v "$compiler" >/dev/null || continue
    "$compiler" --version | sed -n 1p
    return
  done
  return 1
}

probe_cmake() { cmake --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+[0-9.]*' | sed -n 1p; }

probe_ninja() { ninja --version 2>/dev/null; }

probe_libtorch() {
  local folder=${LIBTORCH:-/usr}
  [[ -d $folder/include/ATen ]] || return 1
  first_file "$folder"/lib*/libtorch_cpu.so "$folder"/lib/*-linux-gnu/libtorch_cpu.so >/dev/null || return 1
  say "$(libtorch_version "$folder") in $folder"
}

probe_blas() {
  local link
  link=$(first_file /usr/lib/*-linux-gnu/libblas.so.3 /usr/lib*/libblas.so.3) || return 1
  link=$(readlink -f "$link")
  [[ $link == *openblas* ]] && say "$link"
}

probe_fashion_mnist() {
  local folder=/usr/share/datasets/fashion-mnist name
  for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    [[ -f $folder/$name-ubyte.gz ]] || return 1
  done
  say "$folder"
}

probe_python_torch() { python_module torch; }
probe_python_numpy() { python_module numpy; }

python_module() {
  /usr/bin/python3 -c "from importlib.metadata import version; print(version('$1'))" 2>/dev/null
}

first_file() {
  local file
  for file in "$@"; do
    [[ -e $file ]] && { say "$file"; return; }
  done
  return 1
}

# LibTorch's own archive and PyTorch's wheels carry a file that says it; Debian's header lags behind its package.
libtorch_version() {
  if [[ -f $1/build-version ]]; then
    sed -n 1p "$1/build-version"
  elif [[ -f $1/version.py ]]; then
    sed -n "s/^__version__ = '\(.*\)'/\1/p" "$1/version.py"
  elif [[ $1 == /usr ]] && dpkg-query --show --showformat='${Version}' libtorch-dev 2>/dev/null; then
    return
  else
    sed -n 's/^#define TORCH_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' \
      "$1/include/torch/csrc/api/include/torch/version.h" | paste -sd .
  fi
}

# The requirements. Each line of `report` is one of them; the arrays missing_* hold what the probes did not find.

note() { report+=("$(printf '  %-22s %s' "$1" "$2")"); }

look_for() {
  local label=$1 package=$2 probe=$3 found
  if found=$("$probe"); then
    note "$label" "$found"
  else
    note "$label" missing
    missing_labels+=("$label")
    missing_packages+=("$package")
  fi
}

look_for_all() {
  report=() missing_labels=() missing_packages=()
  note '.NET SDK' "$(probe_dotnet || say missing)"
  look_for 'C++ compiler' g++ probe_compiler
  look_for 'CMake' cmake probe_cmake
  look_for 'Ninja' ninja-build probe_ninja
  if [[ -n ${LIBTORCH:-} ]]; then
    note 'LibTorch' "$(probe_libtorch)"  # check_libtorch_variable saw that it is there; it brings its own BLAS
  else
    look_for 'LibTorch' libtorch-dev probe_libtorch
    look_for 'OpenBLAS' libopenblas0-pthread probe_blas
  fi
  look_for 'Fashion-MNIST' dataset-fashion-mnist probe_fashion_mnist
  if [[ ${1:-} == peers ]]; then
    look_for 'PyTorch (to compare)' python3-torch probe_python_torch
    look_for 'NumPy (to compare)' python3-numpy probe_python_numpy
  fi
}

nothing_missing() { [[ ${#missing_packages[@]} == 0 ]]; }
print_report() { printf '%s\n' "${report[@]}"; }

# A LIBTORCH that names no LibTorch is the caller's slip, not something to install around.
check_libtorch_variable() {
  [[ -n ${LIBTORCH:-} ]] || return 0
  probe_libtorch >/dev/null || die "LIBTORCH is '$LIBTORCH', which holds no LibTorch (include/ATen and lib*/libtorch_cpu.so):" \
    "set it to a folder that does, or unset it to use Debian's libtorch-dev."
  LIBTORCH=$(cd -- "$LIBTORCH" && pwd)
  export LIBTORCH
}

# Installing.

missing_list() {
  local text
  text=$(printf ', %s' "${missing_labels[@]}")
  say "${text#, }"
}

# True on a machine whose package lists were never fetched, as in a fresh container.
lists_lack_a_package() {
  local package
  for package in "${missing_packages[@]}"; do
    apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [^(]' || return 0
  done
  return 1
}

may_be_root() { [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null; }

# Runs apt-get as root and says so; what it prints is kept in apt_output.
apt_get() {
  local as_root=()
  [[ $(id -u) == 0 ]] || as_root=(sudo -n)
  say "Running: apt-get $*"
  apt_output=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null 2>&1)
}

install_missing() {
  local install=(install --yes --no-install-recommends "${missing_packages[@]}") update=
  command -v apt-get >/dev/null ||
    die "this machine has no apt-get; install by hand: $(missing_list). LibTorch may lie anywhere:" \
      'set LIBTORCH to the folder that holds its include/ and lib/.'
  if lists_lack_a_package; then update='apt-get update && '; fi
  may_be_root ||
    die "missing: $(missing_list); this user may not install packages. Run this as root, then try again:"$'\n' \
      "${update}apt-get ${install[*]}"
  if [[ -n $update ]]; then
    apt_get update && apt_get "${install[@]}"
  else
    # Lists that are months old name files that the servers no longer have.
    apt_get "${install[@]}" || { apt_get update && apt_get "${install[@]}"; }
  fi || die "apt-get failed; its last lines:"$'\n'"$(tail -n 20 <<<"$apt_output")"
}

# Brings in what the last look_for_all missed; `peers` as there.
complete() {
  nothing_missing && return
  install_missing
  look_for_all "$@"
  nothing_missing || die "after installing, still not found: $(missing_list)."
}

require_dotnet() {
  probe_dotnet >/dev/null || die "the .NET 10 SDK is missing: install your distribution's dotnet-sdk-10.0," \
    "or take it from https://dot.net; 'dotnet' must be on PATH."
}

# Makes the machine ready, without a word when it is. `ensure_ready peers` includes what bench compares with.
ensure_ready() {
  check_libtorch_variable
  look_for_all "$@"
  nothing_missing || print_report
  complete "$@"
  require_dotnet
}

verb_setup() {
  check_libtorch_variable
  look_for_all
  say 'Eager needs:'
  print_report
  complete
  require_dotnet
  say 'Ready.'
}
