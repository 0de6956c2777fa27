//! Which maintenance is meant: the one named, or the only one that is not over.

use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::maintenance::Maintenance;

use super::super::ids;

/// Planned maintenance.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Which {
    /// Its id; the only one that is not over when left out
    #[arg(value_name = "ID", add = ids::maintenances())]
    id: Option<String>,
}

impl Which {
    /// The maintenance that is meant.
    pub(super) fn find(&self, ledger: &Ledger<'_>) -> Result<Maintenance> {
        if let Some(id) = &self.id {
            return ledger.maintenance(id);
        }
        let mut open = ledger.open_maintenances()?;
        match open.len() {
            0 => Err(Error::usage("no maintenance is planned; say which one")
                .hint("`opsctl maintenance list --all` shows those that are over")),
            1 => Ok(open.remove(0)),
            _ => {
                let ids: Vec<&str> = open.iter().map(|one| one.id.as_str()).collect();
                Err(Error::usage(format!("several are planned: {}", ids.join(", "))).hint("say which one"))
            }
        }
    }
}

/// Takes the id from the front of words, if one stands there.
pub(super) fn split(words: &mut Vec<String>) -> Which {
    let is_id = words.first().is_some_and(|first| looks_like_id(first));
    Which { id: is_id.then(|| words.remove(0)) }
}

fn looks_like_id(word: &str) -> bool {
    let digits = word.get(..4).filter(|head| head.eq_ignore_ascii_case("MNT-")).map_or(word, |_| &word[4..]);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::looks_like_id;

    #[test]
    fn an_id_in_front_is_taken_and_words_stay() {
        for (word, is_id) in
            [("MNT-7", true), ("mnt-12", true), ("7", true), ("INC-7", false), ("MNT-", false), ("it", false)]
        {
            assert_eq!(looks_like_id(word), is_id, "{word}");
        }
    }
}
