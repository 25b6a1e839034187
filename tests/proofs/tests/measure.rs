//! x
#[test]
fn small() {
    let e = optin_proofs::model::explore(optin::simulation::Optin, optin_proofs::model::Size::Ci);
    println!("{e:#?}");
}
