package cloud

import (
	"context"
	"io"
)

// Section reads n bytes of a version of an object from off on, asking once for all of them, and
// again from where that breaks off. It ends with io.ErrUnexpectedEOF if the object has less.
func Section(ctx context.Context, b Bucket, of Info, off, n int64) io.ReadCloser {
	return &section{ctx: ctx, bucket: b, of: of, pos: off, end: off + n, asked: func() {}}
}

type section struct {
	ctx      context.Context
	bucket   Bucket
	of       Info
	pos, end int64
	body     io.ReadCloser // what follows pos; nil: not asked for yet
	asked    func()        // is told of each request
}

func (s *section) Read(p []byte) (n int, err error) {
	if s.pos >= s.end {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p = p[:min(int64(len(p)), s.end-s.pos)]
	err = retry(s.ctx, func() (err error) {
		if s.body == nil {
			s.asked()
			if s.body, err = s.bucket.Range(s.ctx, s.of, s.pos, s.end-s.pos); err != nil {
				s.body = nil
				return err
			}
		}
		if n, err = s.body.Read(p); n > 0 {
			return nil
		}
		if err != nil {
			s.Close()
			if err == io.EOF { // there should be more
				err = io.ErrUnexpectedEOF
			}
		}
		return err
	})
	s.pos += int64(n)
	return n, err
}

// Close ends reading. It does not close the bucket.
func (s *section) Close() error {
	if s.body == nil {
		return nil
	}
	err := s.body.Close()
	s.body = nil
	return err
}
