//! The way to a PostgreSQL is encrypted, and the server is the one that is meant.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use countersign_audit::Database;
use gitea_tests::postgres::Postgres;

/// The version of the encryption of a connection of ours, as the server says; why there is no connection, where there is none.
fn encryption(address: &str) -> Result<Option<String>, String> {
    let database: Database = address.parse().unwrap();
    let mut store = database.open().map_err(|error| error.to_string())?;
    let rows = store.query("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).unwrap();
    Ok(rows[0].maybe_text(0).unwrap())
}

#[test]
fn a_server_is_trusted_by_the_certificate_that_the_address_names_and_for_the_name_that_it_bears() {
    let postgres = Postgres::encrypting();
    let plain = postgres.database("trail");
    let (place, _) = plain.split_once('?').unwrap();
    let root = postgres.certificate().display().to_string();

    let refused = encryption(place).unwrap_err();
    for said in ["postgres://127.0.0.1", "UnknownIssuer", "sslrootcert=FILE", "sslmode=disable"] {
        assert!(refused.contains(said), "{said} is missing in {refused}");
    }
    let version = encryption(&format!("{place}?sslrootcert={root}")).unwrap().unwrap();
    assert!(version.starts_with("TLSv1."), "{version}");
    for mode in ["require", "verify-full"] {
        assert!(
            encryption(&format!("{place}?sslmode={mode}&sslrootcert={root}")).unwrap().is_some(),
            "{mode}"
        );
        let refused = encryption(&format!("{place}?sslmode={mode}")).unwrap_err();
        assert!(refused.contains("UnknownIssuer"), "{mode}: {refused}");
    }
    // Another name of the same machine, which the certificate does not have.
    let elsewhere = place.replace("127.0.0.1", "localhost");
    let refused = encryption(&format!("{elsewhere}?sslrootcert={root}")).unwrap_err();
    assert!(refused.contains("not valid for name"), "{refused}");
    assert_eq!(encryption(&plain).unwrap(), None, "it was asked for clear text");
}

#[test]
fn a_server_that_does_not_encrypt_is_told_nothing_unless_the_address_says_so() {
    let postgres = Postgres::start();
    let plain = postgres.database("trail");
    let (place, _) = plain.split_once('?').unwrap();
    let refused = encryption(place).unwrap_err();
    assert!(
        refused.contains("server does not support TLS") && refused.contains("sslmode=disable"),
        "{refused}"
    );
    assert_eq!(encryption(&plain).unwrap(), None);
}
