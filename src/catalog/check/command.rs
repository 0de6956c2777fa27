//! Commands: values reach them as whole arguments or through the environment, never as text of a script.

use super::names::Scope;
use super::parameter::{is_identifier, regex};
use crate::catalog::model::{Command, CommandSpec};
use crate::catalog::problem::{Problem, Trail};
use crate::template::{has_marks, is_one_expression};

/// Checks a command at `at` (the place of `run`), with the keys beside it at `beside`.
pub fn spec(spec: &CommandSpec, at: &Trail<'_>, beside: &Trail<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    command(&spec.command, at, scope, problems);
    if let Some(output) = &spec.expect.output {
        regex(output, &beside.key("expect").key("output"), problems);
    }
}

/// Checks the environment and the directory that a step's commands share.
pub fn surroundings(spec: &CommandSpec, step: &Trail<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    let env = step.key("env");
    for (name, value) in &spec.env {
        let at = env.key(name);
        if !is_identifier(name) {
            let message = format!("`{name}` cannot be an environment variable");
            problems.push(Problem::error("invalid-name", &at, message).on_key());
        }
        scope.template(value, &at, problems);
    }
    if let Some(dir) = spec.dir.as_deref().filter(|dir| has_marks(dir)) {
        let problem = Problem::error("not-a-template", &step.key("dir"), format!("`dir` is not a template: {dir}"));
        problems.push(problem.suggest("name one directory, relative to the workspace"));
    }
}

/// Checks what is run.
pub fn command(command: &Command, at: &Trail<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    match command {
        Command::Shell(script) => shell(script, at, problems),
        Command::Argv(argv) => self::argv(argv, at, scope, problems),
    }
}

fn shell(script: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if script.trim().is_empty() {
        problems.push(Problem::error("blank", at, "there is no command here"));
    }
    if script.contains("{{") {
        let problem = Problem::error("template-in-shell", at, "a value cannot be put into the text of a shell command");
        problems.push(
            problem
                .word("{{")
                .suggest("set it in `env:` and write \"$NAME\" here, or make the command a list of arguments"),
        );
    }
}

fn argv(argv: &[String], at: &Trail<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    if argv.first().is_none_or(|program| program.trim().is_empty()) {
        problems.push(Problem::error("blank", at, "there is no command here"));
    }
    let script = script_place(argv);
    for (index, item) in argv.iter().enumerate().filter(|(_, item)| has_marks(item)) {
        let here = at.index(index);
        if Some(index) == script {
            let message = format!("`{}` would run whatever stands in this value", argv[..index].join(" "));
            let problem = Problem::error("template-in-shell", &here, message);
            problems.push(problem.suggest("write the script here and give it the value as an argument or in `env:`"));
        } else if item.contains("{{")
            && !is_one_expression(item)
            && scope.template(item, &here, &mut Vec::new()).is_empty()
        {
            // Broken for another reason, which the template itself tells.
            scope.template(item, &here, problems);
        } else if !is_one_expression(item) {
            let problem =
                Problem::error("partial-template", &here, "an argument is either text or one whole `{{ … }}`");
            problems.push(problem.word("{{").suggest("join the parts inside: `{{ \"--name=\" ~ name }}`"));
        } else {
            scope.template(item, &here, problems);
        }
    }
}

const SHELLS: [&str; 12] =
    ["sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "python", "python3", "perl", "ruby", "node"];

// Which argument an interpreter would take for a script: the one after `-c` or `-e` and further options.
fn script_place(argv: &[String]) -> Option<usize> {
    let shell = argv.iter().position(|item| SHELLS.contains(&item.rsplit('/').next().unwrap_or(item)))?;
    let mut asked = false;
    let mut rest = argv.iter().enumerate().skip(shell + 1);
    while let Some((index, item)) = rest.next() {
        match item.as_str() {
            "--eval" | "--command" => asked = true,
            flag if flag.starts_with("--") => {}
            flag if flag.starts_with(['-', '+']) => {
                asked |= flag.ends_with(['c', 'e']);
                if flag.ends_with('o') {
                    rest.next(); // `-o pipefail`
                }
            }
            _ => return asked.then_some(index),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::script_place;

    #[test]
    fn the_script_of_an_interpreter_is_found() {
        let place = |words: &str| script_place(&words.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(place("sh -c X"), Some(2));
        assert_eq!(place("/bin/bash -euo pipefail -c X"), Some(4));
        assert_eq!(place("/bin/bash -lc X arg"), Some(2));
        assert_eq!(place("sudo sh -x -c X"), Some(4));
        assert_eq!(place("python3 -c X"), Some(2));
        assert_eq!(place("sh script.sh -c X"), None);
        assert_eq!(place("echo -c X"), None);
    }
}
