# The archive's log in, its audit trail out: DICOM audit messages (PS3.15 A.5) over TLS to the log server (IHE ITI-20).
#
# Orthanc has no audit trail. At level INFO its log names each request with node, service and thread, each object sent,
# and each refusal, but neither query keys nor values of patients: those lines are read here and go no further. Warnings
# and errors are passed on to the container's log. Nothing but perl-base and socat is needed.
#
# Known limit: Orthanc 1.13.0 writes the keys of C-FIND, C-GET and C-MOVE into its log with their line ends, so a node that
# is admitted can write lines that look like Orthanc's own. The guard's record of each association, which names the
# certificate, cannot be forged that way: compare with it. (For the web door the guard refuses line ends in queries.)
use strict;
use warnings;
use POSIX qw(strftime);

$SIG{PIPE} = 'IGNORE';
STDERR->autoflush(1);
my $collector = 'OPENSSL:collector:6514,cafile=/etc/archive/tls/ca.pem,cert=/etc/archive/tls/sender.pem,verify=1,commonname=collector';
my $sender;     # a pipe into socat, opened again where it broke
my %going_on;   # by thread: the request that it is at. The requests of one association may come to different threads
my %open;       # by AE title: how many associations it has; when the last one ends, all its requests have ended

my %service = (    # as Orthanc calls it => event, action, who is the requestor
    Find  => ["csd-code='110112' codeSystemName='DCM' originalText='Query'",                       'E', 'source'],
    Get   => ["csd-code='110104' codeSystemName='DCM' originalText='DICOM Instances Transferred'", 'R', 'destination'],
    Move  => ["csd-code='110104' codeSystemName='DCM' originalText='DICOM Instances Transferred'", 'R', 'other'],
    Store => ["csd-code='110104' codeSystemName='DCM' originalText='DICOM Instances Transferred'", 'C', 'source'],
);
my %folder = (PATIENT => 'patients', STUDY => 'studies', SERIES => 'series', IMAGE => 'instances');    # of the REST interface
my $refused = "csd-code='110113' codeSystemName='DCM' originalText='Security Alert'";
my $authentication = "<EventTypeCode csd-code='110126' codeSystemName='DCM' originalText='Node Authentication'/>";
my %role = (
    source      => "<RoleIDCode csd-code='110153' codeSystemName='DCM' originalText='Source Role ID'/>",
    destination => "<RoleIDCode csd-code='110152' codeSystemName='DCM' originalText='Destination Role ID'/>",
    other       => "<RoleIDCode csd-code='110150' codeSystemName='DCM' originalText='Application'/>",
);

sub quoted {    # as an XML attribute; whatever is not plain ASCII becomes its number
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9 _.,:\/-])/sprintf('&#%d;', ord($1) < 32 ? 63 : ord($1))/ge;
    return $text;
}

sub participant {
    my ($name, $role, $requestor) = @_;
    return sprintf("<ActiveParticipant UserID='%s' UserIsRequestor='%s'>%s</ActiveParticipant>",
        quoted($name), $requestor ? 'true' : 'false', $role{$role});
}

sub record {
    my ($at, $event, $action, $outcome, $type, @rest) = @_;
    my $xml = "<AuditMessage><EventIdentification EventActionCode='$action' EventDateTime='$at'"
        . " EventOutcomeIndicator='$outcome'><EventID $event/>$type</EventIdentification>"
        . join('', @rest[0 .. $#rest - 1])
        . "<AuditSourceIdentification AuditSourceID='archive'/>$rest[-1]</AuditMessage>";
    my $message = "<85>1 $at archive archive $$ DICOM+RFC3881 - $xml";    # facility 10, security; severity 5, notice
    for (1 .. 2) {
        open($sender, '|-', 'socat', '-d0', '-u', 'STDIN', $collector) or last unless $sender;
        $sender->autoflush(1);
        return if print $sender length($message) . " $message";    # octet counting, RFC 5425 4.3
        undef $sender;
    }
    print STDERR "E AUDIT a record could not be sent\n";
}

sub finish {
    my ($it) = @_;
    my ($event, $action, $requestor) = @{ $service{ $it->{service} } };
    my %name = (source => $it->{called}, destination => $it->{called});
    $name{$requestor} = $it->{aet};
    $name{destination} = $it->{to} if $it->{to};
    my $objects = join '', map {
        "<ParticipantObjectIdentification ParticipantObjectID='$_' ParticipantObjectTypeCode='2' ParticipantObjectTypeCodeRole='3'>"
            . "<ParticipantObjectIDTypeCode csd-code='12' codeSystemName='RFC-3881' originalText='URI'/></ParticipantObjectIdentification>"
    } @{ $it->{objects} };
    record($it->{at}, $event, $action, $it->{failed} ? 8 : 0, '',
        (map { participant($name{$_}, $_, $_ eq $requestor) } sort keys %name), $objects);
}

my $passing = 1;    # a line that continues another one goes where that went
while (defined(my $line = <STDIN>)) {
    my ($level, $month, $day, $time, $thread, $text) = $line =~ /^([A-Z])(\d\d)(\d\d) (\S+)\s+(\S+) \S+\] (.*)/;
    $passing = $level ne 'I' if defined $level;
    print STDERR $line if $passing;
    next unless defined $level;
    my $now = $going_on{$thread};
    if ($text =~ /^Incoming (\w+) request from AET (.*) on IP \S+, calling AET (.*)/) {
        finish(delete $going_on{$thread}) if $now;
        $going_on{$thread} = { service => $1, aet => $2, called => $3, at => utc($month, $day, $time), objects => [] }
            if $service{$1};
    } elsif ($text =~ /^\(dicom\) Association Acknowledged .* to AET (.*) on IP/) {
        $open{$1}++;
    } elsif ($text =~ /^\(dicom\) (?:Association (?:Release|Aborted)|DIMSE failure \(aborting association) with AET (.*) on IP/) {
        finish(delete $going_on{$thread}) if $now and $now->{aet} eq $1;
        next if --$open{$1} > 0;
        finish(delete $going_on{$_}) for grep { $going_on{$_}{aet} eq $1 } sort keys %going_on;
        delete $open{$1};
    } elsif ($text =~ /^(?:\(dicom\) )?Rejected association for remote AET (.*) on IP/) {
        record(utc($month, $day, $time), $refused, 'E', 8, $authentication, participant($1, 'other', 1), '');
    } elsif ($now) {
        $now->{failed} = 1 if $level eq 'E' or $text =~ /^DICOM authorization rejected|^(\(dicom\) )?Rejected /;
        $now->{to} = $1 if $text =~ /Move-SCU request received for AET "(.*)"/;
        $now->{level} = $folder{$1} if $text =~ /\(0008,0052\)  QueryRetrieveLevel = (\w+)/;
        push @{ $now->{objects} }, "/$now->{level}/$1" if $text =~ /Sending resource ([0-9a-f-]{44})/ and $now->{level};
        push @{ $now->{objects} }, "/instances/$1" if $text =~ /^New instance stored \(([0-9a-f-]{44})\)/;
    }
}

sub utc {    # Orthanc's lines have no year; the container's clock is UTC
    my ($month, $day, $time) = @_;
    my ($this_month, $year) = (gmtime)[4, 5];
    $year-- if $month > $this_month + 1;
    return sprintf('%d-%s-%sT%sZ', $year + 1900, $month, $day, $time);
}
