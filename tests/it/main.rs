#![expect(clippy::disallowed_methods, reason = "tests start the real programs")]

mod scripts;
