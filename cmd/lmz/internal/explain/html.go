package explain

import "io"

func (r *Report) HTML(w io.Writer) error { return nil }

// Headline is the whole in one line.
func (r *Report) Headline() string { return "" }
