//! Pages as they look: the pictures lie in `target/tmp/page/pictures`, to be looked at.

use std::fs;

use crate::{browser, folder, sample};

#[test]
fn pages_are_shown_without_a_complaint() {
    let (busy, calm) = (folder::looked_at("busy"), folder::looked_at("calm"));
    folder::write(&sample::busy(), &busy);
    folder::write(&sample::calm(), &calm);
    let pages =
        [("busy", "index.html"), ("busy", "history.html"), ("busy", "incidents/INC-12.html"), ("calm", "index.html")];
    for (name, path) in pages.into_iter().chain([("busy", "maintenances/MNT-2.html")]) {
        let dir = if name == "busy" { &busy } else { &calm };
        let seen = browser::open(&dir.join(path), &[]);
        assert_eq!(seen.console, [""; 0], "{name}/{path}");
        assert!(seen.dom.contains("</footer>"), "{name}/{path}: {}", seen.dom);
    }
}

#[test]
fn pictures_are_taken() {
    let (dir, pictures) = (folder::looked_at("pictured"), folder::looked_at("pictures"));
    folder::write(&sample::busy(), &dir);
    let dark = "--blink-settings=preferredColorScheme=0";
    for (path, name) in [("index.html", "now"), ("history.html", "history"), ("incidents/INC-12.html", "incident")] {
        let page = dir.join(path);
        browser::picture(&page, &pictures.join(format!("{name}-light.png")), (1000, 2400), &[]);
        browser::picture(&page, &pictures.join(format!("{name}-dark.png")), (1000, 2400), &[dark]);
    }
    let light = fs::read(pictures.join("now-light.png")).unwrap();
    assert!(light != fs::read(pictures.join("now-dark.png")).unwrap(), "there is no dark page");
    browser::print(&dir.join("index.html"), &pictures.join("now.pdf"));
}

#[test]
fn a_broken_style_would_be_told() {
    let dir = folder::looked_at("edited");
    folder::write(&sample::calm(), &dir);
    let page = dir.join("index.html");
    let edited = fs::read_to_string(&page).unwrap().replace("</style>", "body { color: red }</style>");
    fs::write(&page, edited.replace("</body>", "<script>document.title = 'x'</script></body>")).unwrap();
    let seen = browser::open(&page, &[]);
    assert!(seen.console.iter().any(|line| line.contains("style-src")), "{:?}", seen.console);
    assert!(!seen.dom.contains("<title>x</title>"), "a script ran");
}
