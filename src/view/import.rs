//! What an import left out: each reason once, with what it is about.

use std::fmt::Write as _;

use indexmap::IndexMap;

use crate::ground::plain_line;
use crate::import::LeftOut;
use crate::view::count::counted;
use crate::view::look::{Look, Style, paint};
use crate::view::wrap::{fit, folded, hanging};

/// How many things are named under a reason; the others are counted.
const MOST_THINGS: usize = 12;
/// How many endpoints are named beside a thing; the others are counted.
const MOST_ENDPOINTS: usize = 3;
/// The most columns of one name: somebody may have written a novel.
const WIDEST: usize = 60;

/// Reasons, in the order in which they come up, with places and their endpoints.
type Reasons<'a> = IndexMap<&'a str, IndexMap<&'a str, Vec<&'a str>>>;

/// What was left out, for people; empty when nothing was.
pub fn left_out_text(look: Look, left_out: &[LeftOut]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", paint(look, Style::Heading, "Not taken over, or not as it was:"));
    for (why, things) in reasons(left_out) {
        let _ = writeln!(text, "\n{}", folded(&plain_line(why), look.width));
        for line in lines(&things) {
            let _ = writeln!(text, "{}", paint(look, Style::Faint, &hanging(&line, look.width, 2)));
        }
    }
    text
}

/// `12 probes, 3 things left out`, for the last line.
pub fn closing(probes: usize, left_out: &[LeftOut]) -> String {
    let rest = match left_out.len() {
        0 => "and nothing was left out".to_owned(),
        1 => "1 thing was left out or changed".to_owned(),
        many => format!("{many} things were left out or changed"),
    };
    format!("{}, {rest}.", counted(probes, "probe"))
}

fn reasons(left_out: &[LeftOut]) -> Reasons<'_> {
    let mut reasons = Reasons::new();
    for LeftOut { endpoint, what, why } in left_out {
        let endpoints = reasons.entry(why).or_default().entry(what).or_default();
        endpoints.extend(endpoint.as_deref());
    }
    reasons
}

/// What concerns the whole file on one line, then a line for each thing of endpoints.
fn lines(things: &IndexMap<&str, Vec<&str>>) -> Vec<String> {
    let whole: Vec<String> = things.iter().filter(|(_, of)| of.is_empty()).map(|(what, _)| name(what)).collect();
    let whole = (!whole.is_empty()).then(|| format!("  {}", whole.join(", ")));
    let rest = || things.iter().filter(|(_, of)| !of.is_empty());
    let named = rest().take(MOST_THINGS).map(|(what, endpoints)| format!("  {} of {}", name(what), among(endpoints)));
    let more =
        rest().count().checked_sub(MOST_THINGS).filter(|more| *more > 0).map(|more| format!("  and {more} more"));
    whole.into_iter().chain(named).chain(more).collect()
}

fn among(endpoints: &[&str]) -> String {
    let mut named: Vec<String> = endpoints.iter().take(MOST_ENDPOINTS).map(|endpoint| name(endpoint)).collect();
    if endpoints.len() > MOST_ENDPOINTS {
        named.push(format!("and {} more", endpoints.len() - MOST_ENDPOINTS));
    }
    named.join(", ")
}

fn name(text: &str) -> String {
    fit(&plain_line(text), WIDEST)
}

#[cfg(test)]
mod tests {
    use super::{closing, left_out_text};
    use crate::import::LeftOut;
    use crate::view::look::Look;

    fn left(endpoint: Option<&str>, what: &str, why: &str) -> LeftOut {
        LeftOut { endpoint: endpoint.map(str::to_owned), what: what.to_owned(), why: why.to_owned() }
    }

    #[test]
    fn each_reason_is_given_once() {
        let mut list = vec![
            left(None, "storage", "a setting of Gatus itself, not about probes"),
            left(None, "web", "a setting of Gatus itself, not about probes"),
            left(Some("core/a"), "url", "there is no probe for UDP: the whole endpoint is left out"),
        ];
        let tells = "the alert tells nobody yet: name its `channels`";
        list.extend((1..=5).map(|number| left(Some(&format!("core/e{number}")), "alerts[0].type", tells)));
        list.push(left(Some("core/e1"), "alerts[1].type", tells));
        insta::assert_snapshot!(left_out_text(Look::PLAIN, &list), @"
        Not taken over, or not as it was:

        a setting of Gatus itself, not about probes
          storage, web

        there is no probe for UDP: the whole endpoint is left out
          url of core/a

        the alert tells nobody yet: name its `channels`
          alerts[0].type of core/e1, core/e2, core/e3, and 2 more
          alerts[1].type of core/e1
        ");
        assert_eq!(left_out_text(Look::PLAIN, &[]), "");
    }

    #[test]
    fn what_somebody_wrote_stays_short_and_harmless() {
        let list: Vec<LeftOut> = (0..20)
            .map(|number| left(Some(&"x\u{1b}[2J\n".repeat(99)), &format!("key {number}"), "not known"))
            .collect();
        let text = left_out_text(Look { width: 40, colour: false }, &list);
        assert!(text.ends_with("  and 8 more\n"), "{text}");
        assert!(!text.contains('\u{1b}') && text.lines().count() < 60, "{text}");
    }

    #[test]
    fn the_last_line_counts() {
        let one = left(None, "web", "no");
        assert_eq!(closing(1, &[]), "1 probe, and nothing was left out.");
        assert_eq!(closing(12, std::slice::from_ref(&one)), "12 probes, 1 thing was left out or changed.");
        assert_eq!(closing(0, &[one.clone(), one]), "0 probes, 2 things were left out or changed.");
    }
}
