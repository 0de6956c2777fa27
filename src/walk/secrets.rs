//! Which values must never be shown or stored.

use std::collections::BTreeMap;

use crate::engine::Plan;
use crate::redact::Redactor;

/// A redactor for the environment variables that a plan declares secret, and for the password inside such a value
/// when it is a URL, because tools like to print that part alone.
pub(super) fn redactor(plan: &Plan, vars: &BTreeMap<String, String>) -> Redactor {
    let values = plan.secret_env().filter_map(|name| vars.get(name)).filter(|value| !value.is_empty());
    Redactor::new(values.flat_map(|value| [Some(value.clone()), url_password(value)]).flatten())
}

fn url_password(value: &str) -> Option<String> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty()).then(|| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::url_password;

    #[test]
    fn the_password_in_a_url_is_a_secret_of_its_own() {
        assert_eq!(url_password("postgres://app:hunter2@db:5432/x?y=z").as_deref(), Some("hunter2"));
        assert_eq!(url_password("postgres://db/x"), None);
        assert_eq!(url_password("plain"), None);
    }
}
