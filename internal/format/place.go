package format

// Place is a position between two records: in the archive, in its content, and in the lines of
// that. Those of a frame count from its beginning, except for Offset.
type Place struct {
	Offset int64 // in the archive, of the next record
	Raw    int64 // bytes in front of it
	Lines  int64 // line ends in front of it
}

// MaxContent is the most bytes that an archive may say it holds: sums stay in an int64.
const MaxContent = 1 << 62
