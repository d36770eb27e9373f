//! The one binary: everything is in the library.

fn main() -> std::process::ExitCode {
    honeyward::app::main()
}
