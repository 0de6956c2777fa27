//! What the definitions ask of the machine: programs and environment variables, each with who wants it.

use std::collections::BTreeMap;

use crate::catalog::model::{Catalog, Command, Probe, ProbeTarget};

/// A name, and the definitions that want it.
pub(super) type Needs = BTreeMap<String, Vec<String>>;

/// Programs that procedures require and probes run.
pub(super) fn tools(catalog: &Catalog) -> Needs {
    let mut needs = Needs::new();
    for procedure in &catalog.procedures {
        add(&mut needs, &procedure.requires.tools, &procedure.reference());
    }
    for probe in catalog.settings.probes.values() {
        if let ProbeTarget::Command(Command::Argv(argv)) = &probe.target
            && let Some(program) = argv.first().filter(|program| !program.contains('$'))
        {
            add(&mut needs, std::slice::from_ref(program), &name(probe));
        }
    }
    needs
}

/// Environment variables that procedures require or declare secret, and that probes mention as `${NAME}`.
pub(super) fn variables(catalog: &Catalog) -> Needs {
    let mut needs = Needs::new();
    for procedure in &catalog.procedures {
        add(&mut needs, &procedure.requires.env, &procedure.reference());
        add(&mut needs, &procedure.secrets, &procedure.reference());
    }
    for probe in catalog.settings.probes.values() {
        for text in texts(&probe.target) {
            add(&mut needs, &mentioned(text), &name(probe));
        }
    }
    needs
}

fn name(probe: &Probe) -> String {
    format!("probe {}", probe.id)
}

fn add(needs: &mut Needs, names: &[String], wanted_by: &str) {
    for name in names {
        let who = needs.entry(name.clone()).or_default();
        if !who.iter().any(|known| known == wanted_by) {
            who.push(wanted_by.to_owned());
        }
    }
}

fn texts(target: &ProbeTarget) -> Vec<&str> {
    match target {
        ProbeTarget::Http { url, headers, body, .. } => {
            [url].into_iter().chain(headers.values()).chain(body).map(String::as_str).collect()
        }
        ProbeTarget::Command(Command::Shell(script)) => vec![script],
        ProbeTarget::Command(Command::Argv(argv)) => argv.iter().map(String::as_str).collect(),
    }
}

/// The names in `${NAME}`; what a shell makes of `${NAME:-…}` has a value of its own.
fn mentioned(text: &str) -> Vec<String> {
    let after = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    after.map(|(name, _)| name).filter(|name| is_name(name)).map(str::to_owned).collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::{mentioned, tools, variables};
    use crate::catalog::load::{Root, load};

    #[test]
    fn names_are_found_in_their_braces() {
        assert_eq!(mentioned("https://${HOST}:${PORT}/x?${}&${a b}&${OPEN"), ["HOST", "PORT"]);
        assert_eq!(mentioned("${NAME:-default} $PLAIN {NAME}"), [""; 0]);
    }

    #[test]
    fn the_pack_says_who_wants_what() {
        let catalog = load(&Root::Builtin).catalog;
        assert_eq!(tools(&catalog)["psql"], ["runbook/db-connection", "probe database"]);
        let variables = variables(&catalog);
        assert_eq!(variables["DATABASE_URL"], ["runbook/db-connection", "probe database"]);
        assert_eq!(variables["OPSCTL_WEB_URL"], ["probe web"]);
    }
}
