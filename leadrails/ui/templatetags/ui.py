"""`{% load ui %}`: what every page shares."""

from leadrails.ui.tags import figures, pages, register, shell, signs

__all__ = ["figures", "pages", "register", "shell", "signs"]
