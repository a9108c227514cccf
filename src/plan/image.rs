//! What is decided where each model has an image. `hub` has files of the same names for models of
//! Hugging Face.

mod inference;
mod tuning;
