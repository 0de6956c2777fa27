//! Secrets that are declared by the names of environment variables.

use std::collections::BTreeMap;

use super::Redactor;

impl Redactor {
    /// A redactor for the values of environment variables, and for the password inside such a value when it is a URL,
    /// because tools like to print that part alone.
    pub fn of_variables<'a>(names: impl Iterator<Item = &'a str>, vars: &BTreeMap<String, String>) -> Self {
        let values = names.filter_map(|name| vars.get(name)).filter(|value| !value.is_empty());
        Self::new(values.flat_map(|value| [Some(value.clone()), url_password(value)]).flatten())
    }
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
