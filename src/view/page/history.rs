//! What is over, by months.

use chrono::{Datelike as _, NaiveDate};
use maud::{Markup, html};

use super::shell::Shell;
use super::{Page, PageIncident, PageMaintenance, Status, clean, incident, maintenance, overall};
use crate::ground::Time;

/// Something that has happened, and when it began.
#[derive(Clone, Copy)]
enum Past<'a> {
    Incident(&'a PageIncident),
    Maintenance(&'a PageMaintenance),
}

impl Past<'_> {
    fn began(self) -> Time {
        match self {
            Self::Incident(one) => one.started_at,
            Self::Maintenance(one) => one.started_at.unwrap_or(one.scheduled_for),
        }
    }

    fn month(self) -> NaiveDate {
        month(self.began())
    }

    fn entry(self, page: &Page) -> Markup {
        let heading = |path: String, title: &str| html! { h3 { a href=(path) { bdi { (clean::line(title)) } } } };
        match self {
            Self::Incident(one) => incident::entry(page, one, &heading(incident::path(one), &one.title)),
            Self::Maintenance(one) => maintenance::entry(page, one, &heading(maintenance::path(one), &one.title)),
        }
    }
}

pub(super) fn history(page: &Page) -> String {
    let past = past(page);
    let content = html! {
        h1 { "History" }
        p.lead { "Incidents and completed maintenance, by the month in which they began." }
        @for month in months(page, &past) {
            @let name = month.format("%B %Y").to_string();
            @let id = month.format("m%Y-%m").to_string();
            section aria-labelledby=(id) {
                h2 id=(id) { (name) }
                @let of_month: Vec<&Past<'_>> = past.iter().filter(|one| one.month() == month).collect();
                @if of_month.is_empty() { p.none { "No incidents." } }
                @else { ul.list { @for one in of_month { (one.entry(page)) } } }
            }
        }
    };
    let shell = Shell { page, title: "History", root: "", path: "history.html", state: overall(page).state };
    shell.around(&content)
}

fn past(page: &Page) -> Vec<Past<'_>> {
    let incidents = page.incidents.iter().map(Past::Incident);
    let done = page.maintenances.iter().filter(|one| one.status == Status::Completed).map(Past::Maintenance);
    let mut past: Vec<Past<'_>> = incidents.chain(done).collect();
    past.sort_by_key(|one| std::cmp::Reverse(one.began()));
    past
}

/// This month and the two before it, and all others in which something began; the newest first.
fn months(page: &Page, past: &[Past<'_>]) -> Vec<NaiveDate> {
    let this = month(page.at);
    let quarter = (0..3).filter_map(|back| this.checked_sub_months(chrono::Months::new(back)));
    let mut months: Vec<NaiveDate> = quarter.chain(past.iter().map(|one| one.month())).collect();
    months.sort_unstable();
    months.dedup();
    months.reverse();
    months
}

fn month(time: Time) -> NaiveDate {
    let day = time.date_naive();
    day.with_day(1).unwrap_or(day)
}
