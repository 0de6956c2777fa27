//! The page as JSON, in the shapes of Statuspage's public API of version 2, so that what reads those reads ours.
//!
//! Ids are opaque there, so ours stay as they are. That format has no word for a service of which nobody knows how it
//! is: it says `operational`, which there means that no trouble was declared; a member of ours, `known`, says more, and
//! the page's own sentence is then never that all is well.

use serde_json::{Value, json};

use super::{
    Page, PageIncident, PageMaintenance, PageService, PageUpdate, ServiceState, Status, clean, incident, maintenance,
    overall,
};
use crate::ground::{Time, rfc3339, sha256};

/// So many incidents and maintenances, the newest, as in the original.
const MOST: usize = 50;

/// The files of `api/v2`.
pub(super) fn files(page: &Page) -> Vec<(String, String)> {
    let about = about(page);
    let list = |name: &str, members: Vec<Value>| json!({ "page": about.clone(), name: members });
    let incidents = |which: fn(&PageIncident) -> bool| -> Vec<Value> {
        page.incidents.iter().filter(|one| which(one)).take(MOST).map(|one| incident_json(page, one)).collect()
    };
    let maintenances = |which: fn(Status) -> bool| -> Vec<Value> {
        let those = page.maintenances.iter().filter(|one| which(one.status));
        those.take(MOST).map(|one| maintenance_json(page, one)).collect()
    };
    let planned = "scheduled_maintenances";
    let files = [
        ("status", json!({ "page": about.clone(), "status": status(page) })),
        ("summary", summary(page)),
        ("components", list("components", components(page))),
        ("incidents", list("incidents", incidents(|_| true))),
        ("incidents/unresolved", list("incidents", incidents(|one| !one.status.is_over()))),
        ("scheduled-maintenances", list(planned, maintenances(|_| true))),
        ("scheduled-maintenances/upcoming", list(planned, maintenances(|status| status == Status::Scheduled))),
        ("scheduled-maintenances/active", list(planned, maintenances(is_active))),
    ];
    files.into_iter().map(|(name, json)| (format!("api/v2/{name}.json"), format!("{json}\n"))).collect()
}

/// Everything that matters now.
pub(super) fn summary(page: &Page) -> Value {
    let open = page.open_incidents().map(|one| incident_json(page, one));
    let planned = page.maintenances.iter().filter(|one| !one.status.is_over());
    json!({
        "page": about(page),
        "components": components(page),
        "incidents": open.collect::<Vec<_>>(),
        "scheduled_maintenances": planned.map(|one| maintenance_json(page, one)).collect::<Vec<_>>(),
        "status": status(page),
    })
}

fn is_active(status: Status) -> bool {
    matches!(status, Status::InProgress | Status::Verifying)
}

fn page_id(page: &Page) -> String {
    let of = clean::base(page.url.as_deref()).unwrap_or_else(|| page.title.clone());
    sha256(of.as_bytes())[..12].to_owned()
}

fn about(page: &Page) -> Value {
    json!({
        "id": page_id(page),
        "name": clean::line(&page.title),
        "url": clean::base(page.url.as_deref()).unwrap_or_default(),
        "time_zone": "Etc/UTC",
        "updated_at": rfc3339(page.at),
    })
}

fn status(page: &Page) -> Value {
    let overall = overall(page);
    json!({ "indicator": overall.indicator.word(), "description": overall.description })
}

fn components(page: &Page) -> Vec<Value> {
    page.services.iter().enumerate().map(|(place, service)| component(page, service, place)).collect()
}

fn component(page: &Page, service: &PageService, place: usize) -> Value {
    let first = service.days.iter().find(|day| day.worst.is_some()).map(|day| day.date);
    let since = service.since.unwrap_or(page.at);
    let created = first.map_or(since, |day| day.and_time(chrono::NaiveTime::MIN).and_utc()).min(since);
    json!({
        "id": clean::line(&service.id),
        "name": clean::line(&service.title),
        "status": service.state.unwrap_or(ServiceState::Operational).word(),
        "known": service.state.is_some(),
        "created_at": rfc3339(created),
        "updated_at": rfc3339(since),
        "position": place + 1,
        "description": service.summary.as_deref().map(clean::line),
        "showcase": !service.days.is_empty(),
        "start_date": first.map(|day| day.to_string()),
        "group_id": null,
        "page_id": page_id(page),
        "group": false,
        "only_show_if_degraded": false,
    })
}

fn affected(page: &Page, ids: &[String]) -> Vec<Value> {
    let all = page.services.iter().enumerate().filter(|(_, service)| ids.contains(&service.id));
    all.map(|(place, service)| component(page, service, place)).collect()
}

fn incident_json(page: &Page, one: &PageIncident) -> Value {
    json!({
        "id": clean::name(&one.id),
        "name": clean::line(&one.title),
        "status": one.status.word(),
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at()),
        "monitoring_at": one.monitoring_at.map(rfc3339),
        "resolved_at": one.resolved_at.map(rfc3339),
        "impact": one.impact.word(),
        "shortlink": link(page, &incident::path(one)),
        "started_at": rfc3339(one.started_at),
        "page_id": page_id(page),
        "incident_updates": updates(&one.id, &one.updates),
        "components": affected(page, &one.services),
    })
}

fn maintenance_json(page: &Page, one: &PageMaintenance) -> Value {
    let start: Time = one.started_at.unwrap_or(one.scheduled_for);
    json!({
        "id": clean::name(&one.id),
        "name": clean::line(&one.title),
        "status": one.status.word(),
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at()),
        "monitoring_at": null,
        "resolved_at": one.completed_at.map(rfc3339),
        "impact": "maintenance",
        "shortlink": link(page, &maintenance::path(one)),
        "started_at": rfc3339(start),
        "page_id": page_id(page),
        "incident_updates": updates(&one.id, &one.updates),
        "components": affected(page, &one.services),
        "scheduled_for": rfc3339(one.scheduled_for),
        "scheduled_until": rfc3339(one.scheduled_until),
    })
}

fn updates(subject: &str, updates: &[PageUpdate]) -> Vec<Value> {
    let one = |update: &PageUpdate| {
        let at = rfc3339(update.at);
        json!({
            "id": clean::name(&update.id),
            "status": update.status.word(),
            "body": clean::body(&update.body),
            "incident_id": clean::name(subject),
            "created_at": at,
            "updated_at": at,
            "display_at": at,
            "affected_components": null,
            "deliver_notifications": true,
            "custom_tweet": null,
            "tweet_id": null,
        })
    };
    updates.iter().map(one).collect()
}

fn link(page: &Page, path: &str) -> String {
    clean::base(page.url.as_deref()).unwrap_or_default() + path
}
