//! A small shell over a file system that is one machine's: what an intruder types is parsed and
//! run here, and nothing of it ever reaches the appliance. It must never start a program, open a
//! socket or read a file. After POSIX XCU 2 and the manuals of bash 5.2 and GNU coreutils 9.1.

pub mod arith;
mod arrays;
pub mod ast;
mod base;
mod builtins;
pub mod commands;
mod expand;
pub mod fs;
pub mod node;
pub mod own;
pub mod parser;
pub mod port;
pub mod proc;
mod prompt;
mod reach;
pub mod recall;
mod recorded;
pub mod regex;
pub mod run;
mod running;
mod screen;
pub mod site;
pub mod state;
pub mod text;
mod words;

pub use port::Port;
pub use site::Site;
pub use state::Shell;
