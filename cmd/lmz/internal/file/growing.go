package file

import "os"

// MarkGrowing says to whoever reads the output that it is still being written, until it is closed,
// by a lock on it. Where there are no locks nobody is told.
func (o *Output) MarkGrowing() {
	if o.file != nil {
		_ = tryLock(o.file, true)
	}
}

// Growing says whether lmz is writing to the source on this machine.
func (s *Source) Growing() bool {
	if s.object != nil || !s.Info.Mode().IsRegular() {
		return false
	}
	if err := tryLock(s.file, false); err != nil {
		return isLocked(err)
	}
	unlock(s.file)
	return false
}

// isWritten says whether lmz is writing to a file on this machine.
func isWritten(name string) bool {
	f, err := openShared(name, os.O_RDONLY|nonBlock, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return isLocked(tryLock(f, false))
}
