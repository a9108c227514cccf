#!/usr/bin/env bash
# Installs the programs that the tests use, pinned, into one folder; what is there already is left alone.
#
# The folder is $KAITO_RENDER_TOOLS, by default kaito-render/tools in the user's cache. Programs of the distribution
# are installed by apt-get, which needs root or sudo, and only if they are missing.
#
# With names, only these are installed: tests/tools.sh mdbook just
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tools=${KAITO_RENDER_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/kaito-render/tools}
mkdir -p "$tools/bin"
named=$#
wanted=" $* "

# is_wanted NAME: whether a tool is to be installed. The names that are given and not met are left in `wanted`.
is_wanted() {
  [ $named -gt 0 ] || return 0
  [[ $wanted == *" $1 "* ]] && wanted=${wanted/" $1 "/ }
}

# distribution PROGRAM PACKAGE ...: installs the packages whose programs are missing.
distribution() {
  is_wanted distribution || return 0
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

# program NAME MODULE VERSION: builds one written in Go.
program() {
  is_wanted "$1" || return 0
  if [ ! -x "$tools/bin/$1-$3" ]; then
    rm -f "$tools/bin/$1"
    GOBIN=$tools/bin go install "$2@v$3"
    mv "$tools/bin/$1" "$tools/bin/$1-$3"
  fi
  ln -sf "$1-$3" "$tools/bin/$1"
}

# fingerprint FOLDER: some digits that change with the sources of a Go module.
fingerprint() {
  cat "$1"/*.go "$1"/go.mod "$1"/go.sum | sha256sum | cut -c1-12
}

# go_tool NAME FOLDER RELEASE [LINKER_FLAG ...]: builds a program out of a folder of tools/, which takes minutes, and again
# when its files have changed.
go_tool() {
  is_wanted "$1" || return 0
  local sources=$here/../tools/$2 name
  name=$1-$3-$(fingerprint "$sources")
  if [ ! -x "$tools/bin/$name" ]; then
    CGO_ENABLED=0 go build -C "$sources" -trimpath -ldflags "-s -w ${*:4}" -o "$tools/bin/$name.part" .
    mv "$tools/bin/$name.part" "$tools/bin/$name"
  fi
  ln -sf "$name" "$tools/bin/$1"
}

# control_plane RELEASE: the programs of a Kubernetes cluster.
control_plane() {
  local package flags=()
  # Clients and servers compare their releases, which the linker has to tell them.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=(-X "$package.gitVersion=v$1" -X "$package.gitMajor=${1%%.*}" -X "$package.gitMinor=$(cut -d. -f2 <<<"$1")")
  done
  go_tool kube control-plane "$1" "${flags[@]}"
}

# flux VERSION: builds the programs of Flux out of tools/flux, and one that asks its libraries; this takes minutes.
flux() {
  is_wanted flux || return 0
  local sources=$here/../tools/flux folder cli
  folder=$tools/flux-$1-$(fingerprint "$sources")
  if [ ! -d "$folder" ]; then
    # The CLI embeds manifests that its own build makes, and does not compile without any.
    cli=$folder.cli
    rm -rf "$cli" "$folder.part"
    cp -r --no-preserve=mode "$(module github.com/fluxcd/flux2/v2 "$1")" "$cli"
    mkdir "$cli/cmd/flux/manifests"
    touch "$cli/cmd/flux/manifests/none.yaml"
    cp "$sources/go.mod" "$cli.mod"
    cp "$sources/go.sum" "$cli.sum"
    go mod edit "-replace=github.com/fluxcd/flux2/v2=$cli" "$cli.mod"
    CGO_ENABLED=0 go build -C "$sources" "-modfile=$cli.mod" -trimpath -ldflags "-s -w -X main.VERSION=$1" \
      -o "$folder.part/" tool .
    mv "$folder.part" "$folder"
    rm -rf "$cli" "$cli.mod" "$cli.sum"
  fi
  ln -sfn "${folder##*/}" "$tools/flux"
}

# module MODULE VERSION: downloads one of Go, and prints its folder.
module() {
  go mod download -json "$1@v$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}

# crds NAME MODULE VERSION [FOLDER]: takes the CRDs out of a module, if nothing is said one of Karpenter's, into the folder
# crds/NAME.
crds() {
  is_wanted "$1" || return 0
  local folder=${2##*/}-$3 module
  if [ ! -d "$tools/crds/$folder" ]; then
    module=$(module "$2" "$3")
    install -D -m 644 -t "$tools/crds/$folder" "$module/${4:-pkg/apis/crds}"/*.yaml
  fi
  ln -sfn "$folder" "$tools/crds/$1"
}

# stages VERSION: what KWOK's nodes and pods are to do, out of KWOK's own module.
stages() {
  is_wanted stages || return 0
  local file=$tools/stages-$1.yaml folder
  if [ ! -f "$file" ]; then
    folder=$(module sigs.k8s.io/kwok "$1")
    "$tools/bin/kustomize" build "$folder/kustomize/stage/fast" >"$file.part"
    mv "$file.part" "$file"
  fi
  ln -sf "${file##*/}" "$tools/stages.yaml"
}

# file FOLDER PATH MODULE VERSION: takes a file out of a module that carries it, into a folder.
file() {
  is_wanted "$2" || return 0
  local file=$tools/$1/${2##*/} module
  [ -f "$file-$4" ] || {
    module=$(module "$3" "$4")
    install -D -m 644 "$module/$2" "$file-$4"
  }
  ln -sf "${file##*/}-$4" "$file"
}

# python_package PACKAGE VERSION: one of Python's, into an environment of its own.
python_package() {
  is_wanted "$1" || return 0
  local version='import importlib.metadata as m, sys; sys.exit(m.version(sys.argv[1]) != sys.argv[2])'
  "$tools/venv/bin/python" -c "$version" "$1" "$2" 2>/dev/null && return
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install -q --disable-pip-version-check "$1==$2"
}

# node_package PACKAGE VERSION: one of Node's; nothing that it brings is run.
node_package() {
  is_wanted "$1" || return 0
  local folder=$tools/node/$1-$2
  if [ ! -d "$folder" ]; then
    npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder.part" "$1@$2"
    mv "$folder.part" "$folder"
  fi
  ln -sfn "$1-$2" "$tools/node/$1"
}

# cargo_program NAME VERSION [OPTION ...]: builds one written in Rust, with options of `cargo install`.
cargo_program() {
  is_wanted "$1" || return 0
  # Not every program says its version; cargo keeps a list.
  grep -qsF "\"$1 $2 (" "$tools/.crates.toml" && return
  cargo install "$1" --version "$2" --locked --quiet --root "$tools" "${@:3}"
}

distribution \
  busybox busybox \
  curl curl \
  g++ g++ \
  git git \
  jq jq \
  kubectl kubernetes-client \
  nix-instantiate nix-bin \
  node nodejs \
  npm npm \
  runc runc \
  shellcheck shellcheck \
  valgrind valgrind
program kustomize sigs.k8s.io/kustomize/kustomize/v5 5.8.2
program kubectl-validate sigs.k8s.io/kubectl-validate 0.0.4
program helm helm.sh/helm/v3/cmd/helm 3.22.0
program crane github.com/google/go-containerregistry/cmd/crane 0.22.1
program actionlint github.com/rhysd/actionlint/cmd/actionlint 1.7.12
program kwok sigs.k8s.io/kwok/cmd/kwok 0.8.0
stages 0.8.0
control_plane 1.37.2
go_tool argocd argocd 3.5.7 -X github.com/argoproj/argo-cd/v3/common.version=3.5.7
flux 2.9.5
# One folder a kind of cluster: releases of Karpenter exclude one another, and AWS brings NodeClaims of its own.
crds machine github.com/aws/karpenter-core 0.29.2
crds nodeclaim sigs.k8s.io/karpenter 0.36.2
crds nodeclaim-aws github.com/aws/karpenter-provider-aws 0.36.2
crds karpenter sigs.k8s.io/karpenter 1.10.0
crds karpenter-aws github.com/aws/karpenter-provider-aws 1.10.0
crds flux-kustomize github.com/fluxcd/kustomize-controller 1.9.6 config/crd/bases
crds flux-source github.com/fluxcd/source-controller 1.9.6 config/crd/bases
crds prometheus github.com/prometheus-operator/prometheus-operator 0.85.0 example/prometheus-operator-crd
crds gateway sigs.k8s.io/gateway-api 1.6.3 config/crd/standard
# The standard's own schema, as the tests of gosec have it.
file schemas report/sarif/testdata/sarif-schema-2.1.0.json github.com/securego/gosec/v2 2.30.0
# By which people install it, CRDs included.
file argocd manifests/install.yaml github.com/argoproj/argo-cd/v3 3.5.7
python_package PyYAML 6.0.3
python_package pre-commit 4.7.0
# just itself, ready built: its author names this package.
python_package rust-just 1.59.0
node_package yaml-language-server 2.0.0
cargo_program cargo-cyclonedx 0.5.9
cargo_program cargo-deny 0.20.2
cargo_program cargo-fuzz 0.13.2
# Neither its web server nor its watching of files is needed to build the book.
cargo_program mdbook 0.5.4 --no-default-features --features search
if [[ $wanted == *[!\ ]* ]]; then
  echo "no such tool:$wanted" >&2
  exit 2
fi
echo "tools: $tools"
