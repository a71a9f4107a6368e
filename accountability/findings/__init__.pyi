from .conclusion import conclude as conclude
from .finding import Finding as Finding
from .finding_parts import KeyNumber as KeyNumber
from .finding_parts import LeadFigure as LeadFigure
from .finding_parts import ReadingTable as ReadingTable
