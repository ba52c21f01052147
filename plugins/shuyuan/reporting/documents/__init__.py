"""The papers that officials hold in their hands: 通报, 整改通知单, 月度进度表, as Word, Excel and PDF files."""

from shuyuan.reporting.documents.writing import write_documents

__all__ = ["write_documents"]
