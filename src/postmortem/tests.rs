//! Files that are made again and again, by us and by people.

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};

use super::document::{Document, fresh, marker, merge, rows};
use super::{SECTIONS, evidence_file};
use crate::incident::event::Evidence;

fn blocks(seed: &str) -> Vec<(&'static str, String)> {
    let named = SECTIONS.iter().filter(|section| section.has_block).map(|section| section.id);
    std::iter::once("head")
        .chain(named)
        .map(|name| (name, format!("{name} {seed}\n\n| a |\n|---|\n| {seed} |\n")))
        .collect()
}

/// Everything outside of the blocks.
fn own(text: &str) -> String {
    let document = Document::read(text).unwrap();
    let is_told = |at: usize| document.blocks.iter().any(|block| block.inner.contains(&at));
    rows(text).filter(|row| !is_told(row.start)).map(|row| &text[row.start..row.end]).collect()
}

#[test]
fn a_new_file_has_every_section_and_is_made_again_without_a_change() {
    let text = fresh("INC-7", &blocks("one"), &["impact"]);
    let document = Document::read(&text).unwrap();
    assert_eq!(document.incident.as_deref(), Some("INC-7"));
    let ids: Vec<&str> = document.sections.iter().map(|section| section.id.as_str()).collect();
    assert_eq!(ids, SECTIONS.map(|section| section.id));
    for block in &document.blocks {
        let (content, is_whole) = document.content(block);
        assert!(is_whole && content.starts_with(&block.name), "{content}");
    }
    assert_eq!(merge(&text, &blocks("one"), &["impact"]).unwrap(), text);
    assert_eq!(text.matches("_To write:_").count(), SECTIONS.iter().filter(|one| !one.prompt.is_empty()).count() - 1);
}

#[test]
fn what_is_gone_comes_back_and_what_was_moved_stays_where_it_is() {
    let text = fresh("INC-7", &blocks("one"), &[]);
    let document = Document::read(&text).unwrap();
    let cut = |id: &str| {
        let place = document.section(id).unwrap();
        let start = rows(&text).find(|row| row.number == place.line).unwrap().start;
        (start..place.body.end, text[start..place.body.end].to_owned())
    };
    // The lucky part is thrown away, the timeline goes to the end.
    let (lucky, _) = cut("lucky");
    let (timeline, moved) = cut("timeline");
    let mut edited = text.clone();
    edited.replace_range(lucky, "");
    edited.replace_range(timeline, "");
    edited.push_str(&moved);
    let again = merge(&edited, &blocks("two"), &[]).unwrap();
    let order: Vec<String> = Document::read(&again).unwrap().sections.into_iter().map(|section| section.id).collect();
    assert_eq!(order.last().map(String::as_str), Some("lucky"));
    assert_eq!(order[order.len() - 2], "timeline");
    assert!(own(&again).starts_with(&own(&edited)), "{again}");
    assert!(!again.contains("timeline one") && again.contains("timeline two"));
    // A block alone comes back below the heading of its section.
    let document = Document::read(&text).unwrap();
    let block = document.block("actions").unwrap();
    let begin = rows(&text).find(|row| row.number == block.line).unwrap().start;
    let end = block.inner.end + "<!-- opsctl:end actions -->\n".len();
    let bare = format!("{}{}", &text[..begin], &text[end..]);
    let again = merge(&bare, &blocks("one"), &[]).unwrap();
    let heading = again.find("## Actions\n").unwrap() + "## Actions\n".len();
    assert!(again[heading..].starts_with("<!-- opsctl:begin actions -->"), "{again}");
    let headless = text.replacen("<!-- opsctl:begin head -->", "", 1);
    assert!(merge(&headless, &blocks("one"), &[]).is_err());
}

#[test]
fn markers_that_do_not_fit_are_refused_with_their_line() {
    let text = fresh("INC-7", &blocks("one"), &[]);
    for (from, to, what) in [
        ("<!-- opsctl:end timeline -->\n", "", "stands inside the block `timeline`"),
        ("<!-- opsctl:begin timeline -->\n", "", "the block `timeline` ends here and did not begin"),
        ("<!-- opsctl:begin timeline -->\n", "<!-- opsctl:begin actions -->\n", "`timeline` ends here"),
        (
            "<!-- opsctl:section lucky -->",
            "<!-- opsctl:section wrong -->",
            "the section `wrong` stands here a second time",
        ),
    ] {
        let broken = text.replacen(from, to, 1);
        let faults = merge(&broken, &blocks("two"), &[]).unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains(what) && fault.line > 1), "{what}: {faults:?}");
    }
    let twice = format!("{text}<!-- opsctl:begin head -->\n<!-- opsctl:end head -->\n");
    assert!(merge(&twice, &blocks("two"), &[]).unwrap_err()[0].message.contains("a second time"));
}

#[test]
fn line_endings_stay_as_they_are() {
    let text = fresh("INC-7", &blocks("one"), &[]).replace('\n', "\r\n");
    let again = merge(&text, &blocks("two"), &[]).unwrap();
    assert!(!again.replace("\r\n", "").contains('\n'), "{again:?}");
    let document = Document::read(&again).unwrap();
    assert!(document.blocks.iter().all(|block| document.content(block).1));
    assert_eq!(merge(&again, &blocks("one"), &[]).unwrap(), text);
}

#[test]
fn names_of_evidence_lead_nowhere() {
    let evidence = |name: &str| Evidence {
        name: name.to_owned(),
        sha256: String::new(),
        bytes: 0,
        stored: true,
        source: String::new(),
        note: None,
    };
    for (name, file) in [
        ("graph.png", "01-graph.png"),
        ("../../etc/passwd", "01-etc-passwd"),
        ("", "01-evidence"),
        ("..", "01-evidence"),
        ("a b\n)](x) ü", "01-a-b----x"),
        ("/", "01-evidence"),
    ] {
        assert_eq!(evidence_file(1, &evidence(name)), file, "{name:?}");
    }
    assert!(evidence_file(12, &evidence(&"x".repeat(900))).len() < 100);
}

/// A line that somebody may write: text, headings, fences, comments, blank lines.
fn written() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,30}",
        Just("## My own section".to_owned()),
        Just("# Another".to_owned()),
        Just("```".to_owned()),
        Just("<!-- a comment -->".to_owned()),
        Just("<!-- not closed".to_owned()),
        Just("- ä list, \u{202e} and more".to_owned()),
        Just(String::new()),
    ]
    .prop_filter("no marker", |line| marker(line).is_none())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_of_somebody_elses_stays(edits in proptest::collection::vec((0..10_000_usize, written()), 0..12)) {
        let mut text = fresh("INC-7", &blocks("one"), &[]);
        for (at, line) in edits {
            let places: Vec<usize> = {
                let document = Document::read(&text).unwrap();
                let is_told = |at: usize| document.blocks.iter().any(|block| block.inner.contains(&at) || block.inner.end == at);
                rows(&text).map(|row| row.start).filter(|at| *at > 0 && !is_told(*at)).collect()
            };
            text.insert_str(places[at % places.len()], &format!("{line}\n"));
        }
        let again = merge(&text, &blocks("two"), &[]).unwrap();
        prop_assert_eq!(own(&again), own(&text));
        prop_assert_eq!(merge(&again, &blocks("two"), &[]).unwrap(), again.clone());
        prop_assert_eq!(merge(&again, &blocks("one"), &[]).unwrap(), text);
    }
}
