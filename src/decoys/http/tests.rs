//! The connection against what a real nginx 1.22.1 answered, and the portal over the world.

mod nginx;
mod portal;
mod support;
