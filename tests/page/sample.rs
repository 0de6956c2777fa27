//! A page with something of everything.

use chrono::{NaiveDate, TimeDelta};
use opsctl::ground::Time;
use opsctl::view::page::{
    DAYS, Impact, Page, PageDay, PageIncident, PageMaintenance, PageService, PageUpdate, ServiceState, Status, Uptime,
};

/// The moment at which all of it is so.
pub fn now() -> Time {
    "2026-11-24T09:40:00Z".parse().unwrap()
}

/// So many hours before that.
pub fn ago(hours: i64) -> Time {
    now() - TimeDelta::hours(hours)
}

/// A page on which all is well.
pub fn calm() -> Page {
    Page {
        title: "Lighthouse".to_owned(),
        url: Some("https://status.example.com".to_owned()),
        at: now(),
        services: vec![
            service("api", "API", Some("Orders, accounts and webhooks"), &[]),
            service("site", "Web site", Some("What customers see in a browser"), &[(70, 0.9981), (12, 0.97)]),
            service("mail", "Notifications", None, &[(31, 0.62)]),
        ],
        incidents: Vec::new(),
        maintenances: Vec::new(),
    }
}

/// A page with incidents, open and past, with maintenance, and with a service that nobody looks at.
pub fn busy() -> Page {
    let mut page = calm();
    page.services[0].state = Some(ServiceState::PartialOutage);
    page.services[0].since = Some(ago(1));
    let today = page.services[0].days.last_mut().unwrap();
    (today.availability, today.worst) = (Some(0.883), Some(ServiceState::PartialOutage));
    today.incidents = vec!["INC-12".to_owned()];
    page.services[2].state = Some(ServiceState::UnderMaintenance);
    page.services.push(unknown("search", "Search"));
    page.incidents = vec![open(), past()];
    page.maintenances = vec![planned(), done()];
    page
}

/// A service with trouble so many days ago, each with how much it was available.
pub fn service(id: &str, title: &str, summary: Option<&str>, trouble: &[(usize, f64)]) -> PageService {
    let day = |back: usize| {
        let found = trouble.iter().find(|(at, _)| *at == back);
        let share = found.map_or(1.0, |(_, share)| *share);
        let worst = match share {
            share if share >= 1.0 => ServiceState::Operational,
            share if share > 0.99 => ServiceState::DegradedPerformance,
            share if share > 0.9 => ServiceState::PartialOutage,
            _ => ServiceState::MajorOutage,
        };
        PageDay { date: date(back), availability: Some(share), worst: Some(worst), incidents: Vec::new() }
    };
    PageService {
        id: id.to_owned(),
        title: title.to_owned(),
        summary: summary.map(str::to_owned),
        state: Some(ServiceState::Operational),
        since: Some(ago(200)),
        days: (0..DAYS).rev().map(day).collect(),
        uptime: Some(Uptime { share: 0.999_87, coverage: 0.998 }),
    }
}

/// A service that nobody has looked at for two months.
pub fn unknown(id: &str, title: &str) -> PageService {
    let mut service = service(id, title, None, &[]);
    for day in service.days.iter_mut().skip(30) {
        (day.availability, day.worst) = (None, None);
    }
    (service.state, service.since) = (None, None);
    service.uptime = Some(Uptime { share: 1.0, coverage: 0.333 });
    service
}

fn date(back: usize) -> NaiveDate {
    now().date_naive() - TimeDelta::days(i64::try_from(back).unwrap())
}

/// Something that was told so many hours ago.
pub fn update(id: &str, status: Status, hours: i64, body: &str) -> PageUpdate {
    PageUpdate { id: id.to_owned(), status, body: body.to_owned(), at: ago(hours) }
}

fn open() -> PageIncident {
    PageIncident {
        id: "INC-12".to_owned(),
        title: "Some orders cannot be placed".to_owned(),
        impact: Impact::Major,
        status: Status::Identified,
        services: vec!["api".to_owned(), "site".to_owned()],
        started_at: ago(3),
        created_at: ago(2),
        resolved_at: None,
        monitoring_at: None,
        updates: vec![
            update(
                "u2",
                Status::Identified,
                1,
                "A database replica has fallen behind. We are moving traffic away from it.\n\nOrders that failed were \
                 not charged.\nNothing needs to be done twice.",
            ),
            update("u1", Status::Investigating, 2, "About one order in ten fails. We are looking into why."),
        ],
    }
}

fn past() -> PageIncident {
    PageIncident {
        id: "INC-11".to_owned(),
        title: "Notifications arrived late".to_owned(),
        impact: Impact::Minor,
        status: Status::Resolved,
        services: vec!["mail".to_owned()],
        started_at: ago(150),
        created_at: ago(149),
        resolved_at: Some(ago(145)),
        monitoring_at: Some(ago(146)),
        updates: vec![
            update("u3", Status::Resolved, 145, "All notifications have been delivered."),
            update("u2", Status::Monitoring, 146, "The queue is getting shorter."),
            update("u1", Status::Investigating, 149, "Notifications come up to an hour late."),
        ],
    }
}

fn planned() -> PageMaintenance {
    PageMaintenance {
        id: "MNT-2".to_owned(),
        title: "Database upgrade".to_owned(),
        status: Status::Scheduled,
        services: vec!["api".to_owned()],
        created_at: ago(20),
        scheduled_for: ago(-40),
        scheduled_until: ago(-42),
        started_at: None,
        completed_at: None,
        updates: vec![update("u1", Status::Scheduled, 20, "Orders can be read but not placed for up to ten minutes.")],
    }
}

fn done() -> PageMaintenance {
    PageMaintenance {
        id: "MNT-1".to_owned(),
        title: "New certificates".to_owned(),
        status: Status::Completed,
        services: vec!["site".to_owned()],
        created_at: ago(900),
        scheduled_for: ago(800),
        scheduled_until: ago(799),
        started_at: Some(ago(800)),
        completed_at: Some(ago(799)),
        updates: vec![update("u1", Status::Completed, 799, "Done, and nobody felt it.")],
    }
}
