"use client";
// What fails while it is drawn takes nothing else with it: what it was is said, and it can be tried again.

import { Component, type ReactNode } from "react";

interface Props {
  children: ReactNode;
  instead: (message: string, retry: () => void) => ReactNode;
}

export class Caught extends Component<Props, { message: string | null }> {
  override state = { message: null };

  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  private readonly retry = () => this.setState({ message: null });

  override render() {
    const { message } = this.state;
    return message === null ? this.props.children : this.props.instead(message, this.retry);
  }
}
