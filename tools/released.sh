#!/usr/bin/env bash
# shellcheck disable=SC2034
# What tools/static builds and tools/sbom lists, by the arguments of both: a program and an architecture. Sets `program`,
# `features`, `machine` and `triple`.
program=${1:?which program: kaito-render or kaito-render-controller?}
case $program in
  kaito-render) features=() ;;
  kaito-render-controller) features=(--no-default-features --features controller) ;;
  *) echo "no such program: $program" >&2 && exit 2 ;;
esac
case ${2:-amd64} in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "no such architecture: $2" >&2 && exit 2 ;;
esac

triple=$machine-unknown-linux-gnu
