package file

import (
	"errors"
	"os"
)

// MarkGrowing says to whoever reads the output that it is still being written, until it is closed,
// by a lock on it, and keeps others from writing to it at the same time: it calls waiting if it must
// wait for one. An error means that nobody is told. What is no regular file, all may write to.
func (o *Output) MarkGrowing(waiting func()) error {
	if regular, err := o.regular(); !regular {
		return err
	}
	err := lock(o.file, waiting)
	if info, e := o.file.Stat(); e == nil {
		o.growing, o.length = true, info.Size()
	}
	return err
}

// checkLength fails if somebody has cut off an archive that is growing: nobody could read what is
// written behind that.
func (o *Output) checkLength() error {
	if !o.growing {
		return nil
	}
	info, err := o.file.Stat()
	if err == nil && info.Size() < o.length {
		return errors.New("the archive was cut off while it was written")
	}
	return err
}

// Flush makes durable what others may read of the output before it is complete. It fails if no file
// has it any more: what is written to a deleted one is lost.
func (o *Output) Flush() error {
	if err := o.Sync(); err != nil {
		return err
	}
	if regular, err := o.regular(); !regular {
		return err
	}
	gone, err := deleted(o.file)
	if gone {
		return errors.New("the archive was deleted, or replaced, while it was written")
	}
	return errors.Join(err, o.checkLength())
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
