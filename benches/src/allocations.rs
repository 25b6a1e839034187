//! Counts what is allocated: how often, and how many bytes are held.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The system's allocator, counted. A binary that counts makes it its global one.
#[derive(Debug)]
pub struct Counted;

static MADE: AtomicU64 = AtomicU64::new(0);
static ASKED: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

// SAFETY: each method passes its arguments on to `System` as they came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MADE.fetch_add(1, Relaxed);
        ASKED.fetch_add(layout.size() as u64, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        FREED.fetch_add(layout.size() as u64, Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        MADE.fetch_add(1, Relaxed);
        ASKED.fetch_add(size as u64, Relaxed);
        FREED.fetch_add(layout.size() as u64, Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How many allocations the work makes, on all threads; growing one is one more.
pub fn made_by(work: impl FnOnce()) -> u64 {
    let before = MADE.load(Relaxed);
    work();
    MADE.load(Relaxed) - before
}

/// Bytes held now, as they were asked for: what the allocator adds to each is not counted.
pub fn bytes_held() -> u64 {
    ASKED.load(Relaxed) - FREED.load(Relaxed)
}
