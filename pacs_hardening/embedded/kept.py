"""What the research side keeps: an allow-list. What it does not name is dropped, in Table E.1-1 or not.

Of what stands in it, UIDs are replaced (PS3.15 E.3.9) and dates moved (E.3.6); free text is in none of it.
"""

from __future__ import annotations

_AS_THEY_ARE = """
SpecificCharacterSet SOPClassUID Modality SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames
Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation PixelSpacing ImagerPixelSpacing PixelAspectRatio
SmallestImagePixelValue LargestImagePixelValue WindowCenter WindowWidth RescaleIntercept RescaleSlope
LossyImageCompression LossyImageCompressionRatio SliceThickness SpacingBetweenSlices ImageOrientationPatient
ImagePositionPatient SliceLocation SeriesNumber InstanceNumber AcquisitionNumber KVP RepetitionTime EchoTime FlipAngle
MagneticFieldStrength BurnedInAnnotation PixelData FrameTime InversionTime ConvolutionKernel
ReferencedSOPClassUID ReferencedFrameNumber NumberOfWaveformChannels NumberOfWaveformSamples SamplingFrequency
WaveformBitsAllocated WaveformSampleInterpretation WaveformOriginality WaveformData ValueType ContinuityOfContent
CompletionFlag VerificationFlag SegmentationType
"""
_UIDS = """
StudyInstanceUID SeriesInstanceUID SOPInstanceUID FrameOfReferenceUID ReferencedSOPInstanceUID
"""
_DATES = "StudyDate SeriesDate AcquisitionDate ContentDate"
_SEQUENCES = """
ReferencedImageSequence SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence
PlanePositionSequence PlaneOrientationSequence PixelValueTransformationSequence FrameVOILUTSequence
ReferencedStudySequence ReferencedSeriesSequence WaveformSequence
"""

AS_THEY_ARE, UIDS, DATES, SEQUENCES = (frozenset(each.split()) for each in (_AS_THEY_ARE, _UIDS, _DATES, _SEQUENCES))
KEPT = AS_THEY_ARE | UIDS | DATES | SEQUENCES
