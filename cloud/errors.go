package cloud

import (
	"context"
	"errors"
	"io/fs"

	"gocloud.dev/gcerrors"
)

// noBucket says that there is no bucket of a name. It is an fs.ErrNotExist, whose own text would
// speak of an object.
type noBucket string

func (name noBucket) Error() string   { return "there is no bucket " + string(name) }
func (noBucket) Is(target error) bool { return target == fs.ErrNotExist }

// permanent says whether asking again would be answered in the same way.
func permanent(err error) bool {
	for _, e := range []error{ErrChanged, fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, context.Canceled, context.DeadlineExceeded, errors.ErrUnsupported} {
		if errors.Is(err, e) {
			return true
		}
	}
	switch gcerrors.Code(errors.Unwrap(err)) {
	case gcerrors.PermissionDenied, gcerrors.InvalidArgument, gcerrors.Unimplemented, gcerrors.FailedPrecondition:
		return true
	}
	return false
}
