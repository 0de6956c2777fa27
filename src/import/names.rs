//! Ids for what has only a title.

use std::collections::HashMap;

use crate::ground::slug;

/// Longer ids are cut: nobody types them, and a YAML key has its limit.
const LONGEST: usize = 60;

/// Ids that were given, in one namespace: a probe that had the id of a service would not be named by it alone.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Each with the number that is tried next behind it.
    given: HashMap<String, u32>,
}

impl Names {
    /// An id for the first title that gives a free one; else for the last with a number behind it.
    pub fn give(&mut self, titles: &[&str], otherwise: &str) -> String {
        let ids: Vec<String> = titles.iter().map(|title| id(title)).filter(|id| !id.is_empty()).collect();
        let last = ids.last().cloned().unwrap_or_else(|| otherwise.to_owned());
        let free = ids.into_iter().chain([last.clone()]).find(|id| !self.given.contains_key(id));
        let id = free.unwrap_or_else(|| self.numbered(&last));
        self.given.insert(id.clone(), 2);
        id
    }

    fn numbered(&mut self, id: &str) -> String {
        let mut number = self.given.get(id).copied().unwrap_or(2);
        while self.given.contains_key(&format!("{id}-{number}")) {
            number += 1;
        }
        self.given.insert(id.to_owned(), number + 1);
        format!("{id}-{number}")
    }
}

fn id(title: &str) -> String {
    // A letter may become two in lower case, of which one is no letter.
    let id: String = slug(title).chars().filter(|c| c.is_alphanumeric() || *c == '-').take(LONGEST).collect();
    id.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn every_id_is_given_once() {
        let mut names = Names::default();
        let mut give = |titles: &[&str]| names.give(titles, "endpoint");
        assert_eq!(give(&["Core"]), "core");
        assert_eq!(give(&["Blog", "Core Blog"]), "blog");
        assert_eq!(give(&["blog", "ext blog"]), "ext-blog");
        assert_eq!(give(&["blog", "ext blog"]), "ext-blog-2");
        assert_eq!(give(&["🚀"]), "endpoint");
        assert_eq!(give(&["🚀", ""]), "endpoint-2");
        assert_eq!(give(&["İ--Straße ✓"]), "i-straße");
        assert_eq!(give(&[&"x".repeat(5000)]), "x".repeat(60));
    }
}
