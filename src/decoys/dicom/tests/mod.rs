//! Transcripts of the real products, and operations against the world.

mod bounds;
mod modality;
mod nested;
mod operations;
mod own;
mod real;
mod rules;
mod support;
mod transcripts;
mod traps;
