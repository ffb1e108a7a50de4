//! Finds libvramauto: VRAMAUTO_DIR (a prefix, or the folder of the library), else pkg-config.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["VRAMAUTO_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if std::env::var_os("CARGO_FEATURE_DLOPEN").is_some() {
        return; // nothing is linked
    }
    let found = match std::env::var_os("VRAMAUTO_DIR") {
        Some(dir) => in_folder(Path::new(&dir)),
        None => by_pkg_config(),
    };
    match found {
        Ok(folders) => {
            for folder in folders {
                println!("cargo:rustc-link-search=native={folder}");
            }
            println!("cargo:rustc-link-lib=dylib=vramauto");
        }
        Err(why) => {
            eprintln!("libvramauto was not found: {why}");
            eprintln!("set VRAMAUTO_DIR to where it is installed, PKG_CONFIG_PATH to where vramauto.pc is, or use the feature dlopen");
            std::process::exit(1);
        }
    }
}

fn in_folder(dir: &Path) -> Result<Vec<String>, String> {
    let arch = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let multiarch = format!("lib/{arch}-linux-gnu");
    ["", "lib", "lib64", &multiarch]
        .iter()
        .map(|below| dir.join(below))
        .find(|folder: &PathBuf| folder.join("libvramauto.so").exists())
        .map(|folder| vec![folder.display().to_string()])
        .ok_or_else(|| format!("VRAMAUTO_DIR is {}, where no libvramauto.so is, nor in its lib", dir.display()))
}

fn by_pkg_config() -> Result<Vec<String>, String> {
    let tool = std::env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    let done = Command::new(&tool)
        .args(["--libs-only-L", "vramauto"])
        .output()
        .map_err(|e| format!("{} does not run: {e}", tool.to_string_lossy()))?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).trim().to_string());
    }
    let flags = String::from_utf8_lossy(&done.stdout);
    Ok(flags.split_whitespace().filter_map(|flag| flag.strip_prefix("-L")).map(str::to_string).collect())
}
