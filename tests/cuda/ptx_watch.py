"""What a launch read and wrote: threads that run one after another hide races, which lists of all accesses show."""
import numpy as np

ACCESS = np.dtype([("address", "i8"), ("thread", "i8"), ("size", "i4"), ("kind", "i4")])
LOAD, STORE, ATOMIC = range(3)
ROOM = 1 << 24                  # accesses of one launch; memory that is not written to costs nothing

# every access calls it; `log` points to records of ACCESS
NOTE = """
@log = internal global ptr null
@logged = internal global i64 0
define internal void @note(ptr %place, i32 %tid, i32 %ntid, i32 %ctaid, i32 %size, i32 %kind) {
entry:
  %at = load i64, ptr @logged
  %after = add i64 %at, 1
  store i64 %after, ptr @logged
  %fits = icmp ult i64 %at, ROOM
  br i1 %fits, label %write, label %done
write:
  %log = load ptr, ptr @log
  %record = getelementptr { i64, i64, i32, i32 }, ptr %log, i64 %at
  %address = ptrtoint ptr %place to i64
  store i64 %address, ptr %record
  %block = mul i32 %ctaid, %ntid
  %number = add i32 %block, %tid
  %thread = zext i32 %number to i64
  %second = getelementptr i8, ptr %record, i64 8
  store i64 %thread, ptr %second
  %third = getelementptr i8, ptr %record, i64 16
  store i32 %size, ptr %third
  %fourth = getelementptr i8, ptr %record, i64 20
  store i32 %kind, ptr %fourth
  br label %done
done:
  ret void
}
define void @watch(ptr %log) {
  store ptr %log, ptr @log
  store i64 0, ptr @logged
  ret void
}
define i64 @count() {
  %n = load i64, ptr @logged
  ret i64 %n
}
""".replace("ROOM", str(ROOM))


def note(e, place, size, kind):
    """The call by which an access is noted."""
    e.do(f"call void @note(ptr {place}, {', '.join(e.threads[:3])}, i32 {size}, i32 {kind})")


class Accesses:
    """The accesses of one launch to global memory in their order: `records` of address, thread, size (bytes) and kind."""

    def __init__(self, records):
        self.records = records

    def misaligned(self):
        """Those whose address is no multiple of their size: a GPU stops there."""
        return self.records[self.records["address"] % self.records["size"] != 0]

    def outside(self, *arrays):
        """Those that do not lie within one of these arrays."""
        begin, end = self.records["address"], self.records["address"] + self.records["size"]
        inside = np.zeros(begin.size, bool)
        for a in arrays:
            inside |= (begin >= a.ctypes.data) & (end <= a.ctypes.data + a.nbytes)
        return self.records[~inside]

    def races(self):
        """Those to bytes that several threads use, of which one writes and one is not atomic: their order decides."""
        if not len(self.records):
            return self.records
        sizes = self.records["size"]
        unit = 1 if len(self.misaligned()) else int(sizes.min())
        which = np.repeat(np.arange(sizes.size), sizes // unit)
        first = np.cumsum(sizes // unit) - sizes // unit
        place = self.records["address"][which] // unit + np.arange(which.size) - first[which]
        by_place = np.argsort(place, kind="stable")
        which, place = which[by_place], place[by_place]
        begins = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
        thread, kind = self.records["thread"][which], self.records["kind"][which]
        several = np.minimum.reduceat(thread, begins) != np.maximum.reduceat(thread, begins)
        written, plain = (np.logical_or.reduceat(kind != k, begins) for k in (LOAD, ATOMIC))
        odd = np.repeat(several & written & plain, np.diff(begins, append=which.size))
        return self.records[np.unique(which[odd])]
