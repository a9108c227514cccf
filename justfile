# Short names for the commands of CONTRIBUTING.md; `just` lists them. Each is one command or script, so that nothing needs just.

# List the recipes
_default:
    @{{ just_executable() }} --list --unsorted

# Compile everything, also tests and benchmarks
[group('while you work')]
check:
    cargo check --locked --all-targets --features controller

# Format the code
[group('while you work')]
fmt:
    cargo fmt

# Run the tests that need only Rust and Git, or those whose names contain FILTER
[group('while you work')]
test *FILTER:
    cargo test --locked {{ FILTER }}

# Write the expected output of tests, the schemas and docs/rules.md anew; review the diff
[group('while you work')]
bless *FILTER:
    KAITO_RENDER_BLESS=1 cargo test --locked {{ FILTER }}

# Render a file or directory with the program as it is now
[group('while you work')]
render *ARGUMENTS='examples/':
    cargo run --locked -- render {{ ARGUMENTS }}

# Run everything: formatting, lints, documentation, all tests, fuzzing
[group('before a pull request')]
test-all:
    tests/run

# Run the lints, as tests/run does
[group('before a pull request')]
lint:
    cargo clippy --locked --features controller --all-targets -- -D warnings

# Build the documentation site into target/book
[group('before a pull request')]
book: (tools "mdbook")
    tools/book

# Show that the published crate builds by itself
[group('before a pull request')]
package:
    tools/package

# Make the container image of a program in a directory
[group('before a pull request')]
image PROGRAM='kaito-render' DIRECTORY='target/image': (tools "cargo-cyclonedx")
    tools/image {{ PROGRAM }} {{ DIRECTORY }}

# Compile with the oldest Rust that Cargo.toml names
[group('before a pull request')]
msrv:
    tools/msrv

# Measure each stage; `just bench --save-baseline before`, then `just bench --baseline before`
[group('now and then')]
bench *OPTIONS:
    cargo bench --locked -- {{ OPTIONS }}

# Compare with helm and others, as docs/performance.md does
[group('now and then')]
compare *OPTIONS:
    benches/compare {{ OPTIONS }}

# Count instructions, and compare them with the record
[group('now and then')]
instructions *OPTIONS:
    benches/instructions {{ OPTIONS }}

# Fuzz what reads other people's files, by default for some seconds each
[group('now and then')]
fuzz *OPTIONS:
    tests/fuzz {{ OPTIONS }}

# Compare the dependencies with the RustSec database (uses the network)
[group('now and then')]
advisories: (tools "cargo-deny")
    tools/advisories

# Install the programs that the tests use, or only those with these NAMES
[group('now and then')]
tools *NAMES:
    tests/tools.sh {{ NAMES }}
