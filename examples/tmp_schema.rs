fn main() {
    let s = schemars::schema_for!(opsctl::catalog::raw::RawProcedure);
    println!("{}", serde_json::to_string_pretty(&s).unwrap());
    let s = schemars::schema_for!(opsctl::catalog::raw::RawWorkspace);
    println!("{}", serde_json::to_string_pretty(&s).unwrap());
}
