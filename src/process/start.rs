//! Starts a command, or says in a sentence why it cannot be started.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::{Job, Program};
use crate::ground::plain_line;

const SHELL: &str = "/bin/sh";

/// The running child with both pipes, in a process group of its own.
pub fn start(job: &Job) -> Result<Child, String> {
    let argv = match &job.program {
        Program::Shell(script) => vec![SHELL, "-c", script],
        Program::Argv(argv) => argv.iter().map(String::as_str).collect(),
    };
    let Some((&program, arguments)) = argv.split_first().filter(|(program, _)| !program.is_empty()) else {
        return Err("the command is empty: there is no program to run".to_owned());
    };
    if argv.iter().any(|word| word.contains('\0')) {
        return Err(format!(
            "the command of `{}` has a NUL character in it, which no program can be given",
            plain_line(program)
        ));
    }
    for (name, value) in &job.env {
        check_variable(name, value)?;
    }
    check_directory(&job.dir)?;
    let mut command = Command::new(program);
    command.args(arguments).envs(job.env.iter().map(|(name, value)| (name, value))).current_dir(&job.dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.spawn().map_err(|error| explain(program, &job.dir, &error))
}

fn check_variable(name: &str, value: &str) -> Result<(), String> {
    let shown = plain_line(name);
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(format!("`{shown}` cannot be the name of an environment variable"));
    }
    if value.contains('\0') {
        return Err(format!("the value of {shown} has a NUL character in it, which no environment variable can hold"));
    }
    Ok(())
}

fn check_directory(dir: &Path) -> Result<(), String> {
    let shown = plain_line(&dir.display().to_string());
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(format!("the command is to run in `{shown}`, which is not a directory")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("the command is to run in `{shown}`, which does not exist"))
        }
        Err(error) => Err(format!("the command is to run in `{shown}`, which cannot be entered: {error}")),
    }
}

fn explain(program: &str, dir: &Path, error: &Error) -> String {
    let shown = plain_line(program);
    let here = plain_line(&dir.display().to_string());
    match error.kind() {
        ErrorKind::NotFound if !program.contains('/') => {
            format!("`{shown}` was not found: install it, or add its directory to PATH")
        }
        ErrorKind::NotFound if dir.join(program).exists() => {
            format!("`{shown}` is there, but the interpreter that its first line names is not")
        }
        ErrorKind::NotFound => format!("`{shown}` does not exist (looked from `{here}`)"),
        ErrorKind::PermissionDenied => {
            format!("`{shown}` may not be run from `{here}`: check its permissions (chmod +x) and the directory's")
        }
        ErrorKind::ArgumentListTooLong => {
            format!("the arguments and variables for `{shown}` are longer than the system allows")
        }
        _ => format!("`{shown}` could not be started: {error}"),
    }
}
