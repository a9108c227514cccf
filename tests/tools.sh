#!/usr/bin/env bash
# Installs the programs that the tests use, pinned, into one folder; what is there already is left alone.
#
# The folder is $KAITO_RENDER_TOOLS, by default kaito-render/tools in the user's cache. Programs of the distribution
# are installed by apt-get, which needs root or sudo, and only if they are missing.
set -euo pipefail

tools=${KAITO_RENDER_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/kaito-render/tools}
mkdir -p "$tools/bin"

# distribution PROGRAM PACKAGE ...: installs the packages whose programs are missing.
distribution() {
  local packages=() sudo=()
  while [ $# -gt 0 ]; do
    command -v "$1" >/dev/null || packages+=("$2")
    shift 2
  done
  [ ${#packages[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -q
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"
}

kustomize() {
  [ -x "$tools/bin/kustomize-$1" ] && return
  GOBIN=$tools/bin go install "sigs.k8s.io/kustomize/kustomize/v5@v$1"
  mv "$tools/bin/kustomize" "$tools/bin/kustomize-$1"
  ln -sf "kustomize-$1" "$tools/bin/kustomize"
}

pyyaml() {
  "$tools/venv/bin/python" -c "import yaml; assert yaml.__version__ == '$1'" 2>/dev/null && return
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install -q --disable-pip-version-check "PyYAML==$1"
}

cargo_deny() {
  [ "$("$tools/bin/cargo-deny" --version 2>/dev/null)" = "cargo-deny $1" ] && return
  cargo install cargo-deny --version "$1" --locked --quiet --root "$tools"
}

distribution \
  busybox busybox \
  curl curl \
  kubectl kubernetes-client \
  nix-instantiate nix-bin \
  shellcheck shellcheck
kustomize 5.8.2
pyyaml 6.0.3
cargo_deny 0.20.2
echo "tools: $tools"
