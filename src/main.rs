//! Exit codes and the error chain; everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    match provision::cli::main() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            provision::cli::complain(&failure);
            failure.exit.into()
        }
    }
}
