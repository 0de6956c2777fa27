//! Builds again when a definition of the starter pack comes or goes: the pack is part of the binary.

fn main() {
    for folder in ["runbooks", "checklists", "playbooks", "templates", "schemas"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
