//! What the definitions ask of the machine: programs and environment variables, each with who wants it.

use std::collections::BTreeMap;

use crate::catalog::model::{Catalog, Command, Probe, ProbeTarget};
use crate::probe::unset;

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
        // Where nothing is set, what is not set is all there is.
        add(&mut needs, &unset(probe, &BTreeMap::new()), &name(probe));
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

#[cfg(test)]
mod tests {
    use super::{tools, variables};
    use crate::catalog::load::{Root, load};

    #[test]
    fn the_pack_says_who_wants_what() {
        let catalog = load(&Root::Builtin).catalog;
        assert_eq!(tools(&catalog)["psql"], ["runbook/db-connection"]);
        let variables = variables(&catalog);
        assert_eq!(variables["DATABASE_URL"], ["runbook/db-connection", "probe database"]);
        assert_eq!(variables["OPSCTL_WEB_URL"], ["probe web"]);
    }
}
